import { to, withQuery } from "../../routes";
import { number, percent, words } from "../../state/language";
import { Copy } from "../../ui/Copy";
import { download } from "../../ui/files";
import type { Filter } from "../../ui/filter/filter";
import { asCsv, asText, dominant, shares } from "./choice";
import { nameOf } from "./Legend";
import type { Look } from "./look";
import type { Points } from "./points";

const say = words({
  none: { en: "Nothing is selected", ko: "선택한 점이 없습니다" },
  how: {
    en: "Drag with Shift to draw a lasso, take a tool at the map's edge, or press S on the map for everything in view.",
    ko: "Shift를 누르고 끌어 올가미를 그리거나, 지도 왼쪽의 도구를 쓰거나, 지도에서 S를 눌러 보이는 점을 모두 선택하세요.",
  },
  count: { en: { one: "1 point selected", other: "{count} points selected" }, ko: "점 {count}개 선택" },
  clear: { en: "Clear", ko: "해제" },
  zoom: { en: "Zoom to it", ko: "여기로 확대" },
  told: { en: "Told by a filter", ko: "필터로 나타내면" },
  covers: { en: "{share} of the selection match it.", ko: "선택한 점의 {share}가 이 필터에 맞습니다." },
  use: { en: "Filter the map by it", ko: "지도에 필터 적용" },
  browse: { en: "Open in Browse", ko: "레코드에서 열기" },
  ids: { en: "Ids (.txt)", ko: "ID (.txt)" },
  csv: { en: "Table (.csv)", ko: "표 (.csv)" },
  copy: { en: "Copy ids", ko: "ID 복사" },
  take: { en: "Take it with you", ko: "내보내기" },
});

const ROWS = 6;

interface Props {
  readonly index: string;
  readonly points: Points;
  readonly field: string | undefined;
  readonly filter: Filter | undefined;
  readonly chosen: Uint32Array;
  readonly look: Look;
  readonly onFilter: (filter: Filter) => void;
  readonly onZoom: () => void;
  readonly onClear: () => void;
}

/** What was selected, what it has in common, and what can be done with it. */
export function Chosen({ index, points, field, filter, chosen, look, onFilter, onZoom, onClear }: Props) {
  if (chosen.length === 0) {
    return (
      <div class="stack tight">
        <p>{say("none")}</p>
        <p class="soft small">{say("how")}</p>
      </div>
    );
  }
  const { answer } = points;
  const told = field && answer.values ? dominant(field, answer.values, chosen) : undefined;
  const whole = told && (filter ? { $and: [filter, told.filter] } : told.filter);
  const ids = () => Array.from(chosen, (at) => answer.ids[at] as string);
  const csv = () => {
    const columns = ["id", "x", "y", ...(answer.values ? [field ?? ""] : []), ...(answer.nearest ? ["nearest"] : [])];
    const row = (at: number) => [
      answer.ids[at],
      answer.x[at],
      answer.y[at],
      ...(answer.values ? [answer.values[at]] : []),
      ...(answer.nearest ? [answer.nearest[at]] : []),
    ];
    return asCsv(columns, Array.from(chosen, row));
  };
  return (
    <div class="stack">
      <div class="row spread">
        <strong role="status">{say("count", { count: chosen.length })}</strong>
        <span class="row">
          <button type="button" class="button small" onClick={onZoom}>
            {say("zoom")}
          </button>
          <button type="button" class="button small" onClick={onClear}>
            {say("clear")}
          </button>
        </span>
      </div>
      {points.colouring.kind !== "plain" && <Shares points={points} chosen={chosen} look={look} />}
      {told && whole && (
        <div class="stack tight">
          <h3>{say("told")}</h3>
          <code class="data map-told">{JSON.stringify(told.filter)}</code>
          <p class="soft small">{say("covers", { share: percent(told.found) })}</p>
          <div class="row">
            <button type="button" class="button small" onClick={() => onFilter(whole)}>
              {say("use")}
            </button>
            <a
              class="button small"
              href={withQuery(to.browse(index), { namespace: answer.namespace, filter: JSON.stringify(whole) })}
            >
              {say("browse")}
            </a>
          </div>
        </div>
      )}
      <div class="stack tight">
        <h3>{say("take")}</h3>
        <div class="row">
          <button
            type="button"
            class="button small"
            onClick={() => download(new Blob([asText(ids())], { type: "text/plain" }), `${index}-ids.txt`)}
          >
            {say("ids")}
          </button>
          <button
            type="button"
            class="button small"
            onClick={() => download(new Blob([csv()], { type: "text/csv" }), `${index}-points.csv`)}
          >
            {say("csv")}
          </button>
          <Copy text={asText(ids())} label={say("copy")} />
        </div>
      </div>
    </div>
  );
}

function Shares({ points, chosen, look }: Pick<Props, "points" | "chosen" | "look">) {
  const found = shares(points.colouring, chosen);
  return (
    <ul class="map-shares">
      {found.slice(0, ROWS).map(({ group, count }) => (
        <li key={group.key}>
          <span class="swatch" style={{ background: look.css[group.tint] }} />
          <span class="data name">{nameOf(group)}</span>
          <span class="number">{number(count)}</span>
          <span class="number soft">{percent(count / chosen.length)}</span>
        </li>
      ))}
    </ul>
  );
}
