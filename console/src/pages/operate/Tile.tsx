import type { ComponentChildren } from "preact";

interface Props {
  readonly label: string;
  readonly value: string;
  readonly tone?: "" | "good" | "bad";
  /** Of a whole, drawn as a meter. */
  readonly share?: number | null;
  readonly children?: ComponentChildren;
}

/** One figure that matters. */
export function Tile({ label, value, tone = "", share, children }: Props) {
  return (
    <div class="panel operate-tile">
      <h2 class="soft small">{label}</h2>
      <p class={`operate-figure ${tone}`}>{value}</p>
      {share !== undefined && share !== null && (
        <div class="meter" aria-hidden="true">
          <span style={{ width: `${Math.min(100, Math.max(0, share * 100))}%` }} />
        </div>
      )}
      <p class="soft small">{children}</p>
    </div>
  );
}
