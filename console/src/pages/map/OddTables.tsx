import { fetchNearest } from "../../api/map";
import { number, words } from "../../state/language";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import type { Odd } from "./oddities";
import type { Points } from "./points";
import type { Settings } from "./settings";

const say = words({
  record: { en: "Record", ko: "레코드" },
  nearest: { en: "Nearest other", ko: "가장 가까운 것" },
  distance: { en: "Distance", ko: "거리" },
  times: { en: "× usual", ko: "보통의 몇 배" },
});

interface Props {
  readonly points: Points;
  readonly odd: readonly Odd[];
  readonly onPin: (id: string) => void;
}

/** Records with their nearest other. Which that is, is asked for what is listed only. */
export function Twins({ index, points, settings, odd, onPin }: Props & { index: string; settings: Settings }) {
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

/** The records that are farthest from all others. usual: the distance that is. */
export function Far({ points, odd, usual, onPin }: Props & { usual: number }) {
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
