import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { fetchNearest } from "../../api/map";
import { number, words } from "../../state/language";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { byDistance, type Odd, outliers, threshold, twins, usual } from "./oddities";
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
  record: { en: "Record", ko: "레코드" },
  nearest: { en: "Nearest other", ko: "가장 가까운 것" },
  distance: { en: "Distance", ko: "거리" },
  times: { en: "× usual", ko: "보통의 몇 배" },
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

/** Which record is so near is asked for what is listed only. */
function Twins({ index, points, settings, odd, onPin }: Props & { odd: readonly Odd[] }) {
  const ids = odd.map(({ at }) => points.answer.ids[at] as string);
  const { namespace, filter } = settings;
  const others = useCall(
    (signal) =>
      Promise.all(
        ids.map(async (id) => {
          const asked = { namespace, id, topK: 3, ...(filter ? { filter } : {}) };
          return [id, (await fetchNearest(index, asked, signal)).find((match) => match.id !== id)?.id] as const;
        }),
      ),
    [index, namespace, JSON.stringify([ids, filter])],
  );
  const partner = new Map(others.answer ?? []);
  // Of two that are nearest to each other, one row is enough.
  const rows = odd.filter(({ at }, row) => {
    const other = partner.get(points.answer.ids[at] as string);
    const before = ids.slice(0, row);
    return !other || !before.includes(other) || partner.get(other) !== points.answer.ids[at];
  });
  return (
    <>
      {others.error !== undefined && <Problem error={others.error} again={others.again} />}
      <table class="table map-list">
        <thead>
          <tr>
            <th>{say("record")}</th>
            <th>{say("nearest")}</th>
            <th class="number">{say("distance")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, distance }) => {
            const id = points.answer.ids[at] as string;
            const other = partner.get(id);
            return (
              <tr key={id}>
                <td>
                  <Pin id={id} onPin={onPin} />
                </td>
                <td>{other === undefined ? "…" : <Pin id={other} onPin={onPin} />}</td>
                <td class="number">{number(distance, 5)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

function Far({ points, odd, usual, onPin }: Props & { odd: readonly Odd[]; usual: number }) {
  return (
    <table class="table map-list">
      <thead>
        <tr>
          <th>{say("record")}</th>
          <th class="number">{say("distance")}</th>
          <th class="number">{say("times")}</th>
        </tr>
      </thead>
      <tbody>
        {odd.map(({ at, distance }) => (
          <tr key={at}>
            <td>
              <Pin id={points.answer.ids[at] as string} onPin={onPin} />
            </td>
            <td class="number">{number(distance, 5)}</td>
            <td class="number">{usual ? number(distance / usual, 1) : "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Pin({ id, onPin }: { id: string; onPin: (id: string) => void }) {
  return (
    <button type="button" class="map-link data" onClick={() => onPin(id)}>
      {id}
    </button>
  );
}
