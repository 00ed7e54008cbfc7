import { number, words } from "../../state/language";
import { VirtualRows } from "../../ui/VirtualRows";
import { brief } from "./HoverCard";
import type { Points } from "./points";

const say = words({
  chosen: { en: { one: "The selected point", other: "The {count} selected points" }, ko: "선택한 점 {count}개" },
  view: { en: { one: "The point in view", other: "The {count} points in view" }, ko: "보이는 점 {count}개" },
  id: { en: "Id", ko: "ID" },
  nearest: { en: "Nearest", ko: "가장 가까운 거리" },
  none: { en: "No point is in view.", ko: "보이는 점이 없습니다." },
});

interface Props {
  readonly points: Points;
  readonly field: string | undefined;
  readonly places: Uint32Array;
  readonly chosen: boolean;
  readonly onPin: (at: number) => void;
}

/** The points as a table: all that the map shows, for those who cannot see it. */
export function PointsTable({ points, field, places, chosen, onPin }: Props) {
  const { ids, values, nearest, x, y } = points.answer;
  const columns = `minmax(10rem, 2fr) ${values ? "minmax(8rem, 2fr)" : ""} 6rem 6rem ${nearest ? "8rem" : ""}`;
  const title = say(chosen ? "chosen" : "view", { count: places.length });
  return (
    <section class="stack tight map-table">
      <h2>{title}</h2>
      {places.length === 0 ? (
        <p class="soft">{say("none")}</p>
      ) : (
        <VirtualRows
          count={places.length}
          height={34}
          label={title}
          head={
            <div role="row" class="virtual-head" style={{ gridTemplateColumns: columns }}>
              <span role="columnheader">{say("id")}</span>
              {values && (
                <span role="columnheader" class="data">
                  {field}
                </span>
              )}
              <span role="columnheader" class="number">
                x
              </span>
              <span role="columnheader" class="number">
                y
              </span>
              {nearest && (
                <span role="columnheader" class="number">
                  {say("nearest")}
                </span>
              )}
            </div>
          }
        >
          {(row) => {
            const at = places[row] as number;
            const distance = nearest?.[at];
            return (
              <div role="presentation" class="map-row" style={{ gridTemplateColumns: columns }}>
                <span role="cell">
                  <button type="button" class="map-link data" onClick={() => onPin(at)}>
                    {ids[at]}
                  </button>
                </span>
                {values && (
                  <span role="cell" class="data">
                    {values[at] === null || values[at] === undefined ? "–" : brief(values[at])}
                  </span>
                )}
                <span role="cell" class="number">
                  {number(x[at] as number, 4)}
                </span>
                <span role="cell" class="number">
                  {number(y[at] as number, 4)}
                </span>
                {nearest && (
                  <span role="cell" class="number">
                    {typeof distance === "number" ? number(distance, 5) : "–"}
                  </span>
                )}
              </div>
            );
          }}
        </VirtualRows>
      )}
    </section>
  );
}
