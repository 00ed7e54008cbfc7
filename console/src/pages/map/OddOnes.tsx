import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { number, words } from "../../state/language";
import { Waiting } from "../../ui/Waiting";
import { Far, Twins } from "./OddTables";
import { byDistance, outliers, threshold, twins, usual } from "./oddities";
import type { Points } from "./points";
import { MOST_MEASURED, type Settings } from "./settings";

const say = words({
  which: { en: "Odd records", ko: "특이한 레코드" },
  twins: { en: "Duplicates", ko: "중복" },
  outliers: { en: "Outliers", ko: "이상치" },
  too: {
    en: "Distances between neighbours are measured for at most {count} points. Show fewer, or filter.",
    ko: "이웃 사이의 거리는 점이 {count}개 이하일 때만 잽니다. 점 수를 줄이거나 필터를 쓰세요.",
  },
  fewer: { en: "Show {count} points", ko: "점 {count}개만 보기" },
  closer: { en: "Closer than {distance}", ko: "거리 {distance} 이하" },
  usual: { en: "Usual distance to the nearest: {distance}", ko: "가장 가까운 점까지의 보통 거리: {distance}" },
  count: { en: { one: "1 record", other: "{count} records" }, ko: "레코드 {count}개" },
  first: { en: "The first {count}:", ko: "처음 {count}개:" },
  no: { en: "No two records are so close.", ko: "이만큼 가까운 레코드가 없습니다." },
});

const LISTED = 20;
const FARTHEST = 50;

interface Props {
  readonly index: string;
  readonly points: Points;
  readonly settings: Settings;
  readonly waiting: boolean;
  readonly onFewer: () => void;
  readonly onPin: (id: string) => void;
  /** Points that light up on the map; null: none stand out. */
  readonly onLight: (places: readonly number[] | null) => void;
}

/** Records that are nearly another one, and records that are far from all others. */
export function OddOnes(props: Props) {
  const { points, waiting, onFewer } = props;
  const { nearest } = points.answer;
  if (nearest) return <Measured {...props} nearest={nearest} />;
  if (waiting) return <Waiting />;
  return (
    <div class="stack tight">
      <p class="soft">{say("too", { count: MOST_MEASURED })}</p>
      {points.count > MOST_MEASURED && (
        <div>
          <button type="button" class="button" onClick={onFewer}>
            {say("fewer", { count: MOST_MEASURED })}
          </button>
        </div>
      )}
    </div>
  );
}

function Measured(props: Props & { nearest: ReadonlyArray<number | null> }) {
  const { nearest, onLight } = props;
  const [kind, setKind] = useState<"twins" | "outliers">("twins");
  const [share, setShare] = useState(0.4);
  const sorted = useMemo(() => byDistance(nearest), [nearest]);
  const limit = threshold(share, sorted);
  const odd = useMemo(
    () => (kind === "twins" ? twins(sorted, limit) : outliers(sorted, FARTHEST)),
    [kind, sorted, limit],
  );
  useEffect(() => onLight(odd.map(({ at }) => at)), [odd, onLight]);
  useEffect(() => () => onLight(null), [onLight]);
  const slider = useId();

  return (
    <div class="stack">
      <fieldset class="map-segments" aria-label={say("which")}>
        {(["twins", "outliers"] as const).map((one) => (
          <button
            key={one}
            type="button"
            class="button small map-segment"
            aria-pressed={kind === one}
            onClick={() => setKind(one)}
          >
            {say(one)}
          </button>
        ))}
      </fieldset>
      <p class="soft small">{say("usual", { distance: number(usual(sorted), 5) })}</p>
      {kind === "twins" && (
        <div class="field">
          <label for={slider}>{say("closer", { distance: number(limit, 5) })}</label>
          <input
            id={slider}
            type="range"
            min={0}
            max={1}
            step={0.01}
            value={share}
            aria-valuetext={number(limit, 5)}
            onInput={(event) => setShare(Number(event.currentTarget.value))}
          />
        </div>
      )}
      <p role="status">
        {odd.length ? say("count", { count: odd.length }) : say("no")}
        {odd.length > LISTED && <span class="soft"> {say("first", { count: LISTED })}</span>}
      </p>
      {odd.length > 0 && kind === "twins" && <Twins {...props} odd={odd.slice(0, LISTED)} />}
      {odd.length > 0 && kind === "outliers" && <Far {...props} odd={odd.slice(0, LISTED)} usual={usual(sorted)} />}
    </div>
  );
}
