import type { MapAnswer } from "../../api/map";
import { number, percent, words } from "../../state/language";

const say = words({
  all: { en: "{shown} points, every record", ko: "점 {shown}개, 모든 레코드" },
  filtered: {
    en: "{shown} points, every record that matches, of {records}",
    ko: "점 {shown}개, 전체 {records}개 중 조건에 맞는 모든 레코드",
  },
  sample: { en: "{shown} points, a sample of {matching}", ko: "점 {shown}개, {matching}개의 표본" },
  explained: {
    en: "PCA: the axes hold {x} and {y} of the variance",
    ko: "PCA: 두 축이 분산의 {x}, {y}를 담음",
  },
  low: {
    en: "the rest is in other directions, so what looks near here may be far apart",
    ko: "나머지는 다른 방향에 있어, 여기서 가까워 보여도 실제로는 멀 수 있음",
  },
});

const LITTLE = 0.5;

/** What is drawn, and how far it can be trusted. */
export function Summary({ answer }: { answer: MapAnswer }) {
  const { records, matching, explained, ids } = answer;
  const counts = { shown: number(ids.length), matching: number(matching), records: number(records) };
  const [x = 0, y = 0] = explained ?? [];
  return (
    <p class="map-summary small" role="status">
      <span>{say(ids.length < matching ? "sample" : matching < records ? "filtered" : "all", counts)}</span>
      {explained && (
        <span>
          {say("explained", { x: percent(x), y: percent(y) })}
          {x + y < LITTLE && `; ${say("low")}`}
        </span>
      )}
    </p>
  );
}
