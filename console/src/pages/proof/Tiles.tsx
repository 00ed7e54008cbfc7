import type { ComponentChildren } from "preact";

export interface Tile {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly about?: ComponentChildren;
}

/** A few figures that matter, side by side, each with what it means. */
export function Tiles({ tiles }: { tiles: readonly Tile[] }) {
  return (
    <dl class={tiles.length > 4 ? "tiles thirds" : "tiles"}>
      {tiles.map(({ name, value, about }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong>{value}</strong>
            {about && <span class="soft small">{about}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
