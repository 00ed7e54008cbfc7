import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { send } from "../../api/client";
import { type Found, fetchByIds, type StoredRecord } from "../../api/records";
import { number, words } from "../../state/language";
import { facts, Thumbnail } from "../../ui/Thumbnail";
import type { Look } from "./look";
import type { Plot } from "./plot";
import type { Points } from "./points";

const say = words({
  nearest: { en: "Nearest other point: {distance}", ko: "가장 가까운 다른 점: {distance}" },
  bare: { en: "No metadata", ko: "메타데이터 없음" },
});

const PATIENCE = 120;
const ROWS = 6;
const WIDTH = 288;

interface Props {
  readonly index: string;
  readonly points: Points;
  readonly at: number;
  readonly plot: RefObject<Plot | null>;
  readonly look: Look;
}

/** What lies under the pointer: its id at once, its metadata a moment later. */
export function HoverCard({ index, points, at, plot, look }: Props) {
  const id = points.answer.ids[at] as string;
  const { namespace } = points.answer;
  const [record, setRecord] = useState<StoredRecord>();

  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      // Without an answer the card shows the id, which is enough; a click tells what is wrong.
      send<Found>(fetchByIds({ index, namespace }, [id]), controller.signal).then(
        ({ vectors }) => setRecord(vectors[id]),
        () => {},
      );
    }, PATIENCE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [index, namespace, id]);

  const [x, y] = plot.current?.put([points.x[at] as number, points.y[at] as number]) ?? [0, 0];
  const { width, height } = plot.current?.frame ?? { width: 0, height: 0 };
  const rightwards = x + WIDTH + 24 < width;
  const style = {
    ...(rightwards ? { left: `${x + 14}px` } : { right: `${Math.max(8, Math.min(width - x + 14, width - WIDTH))}px` }),
    ...(y < height / 2 ? { top: `${Math.max(8, y + 10)}px` } : { bottom: `${Math.max(8, height - y + 10)}px` }),
  };
  const metadata = facts(record?.metadata ?? {});
  const distance = points.answer.nearest?.[at];
  return (
    <div class="map-card" role="status" style={style}>
      <p class="map-card-id">
        <span class="swatch" style={{ background: look.css[points.colouring.tint[at] as number] }} />
        <span class="data">{id}</span>
      </p>
      {typeof distance === "number" && <p class="soft small">{say("nearest", { distance: number(distance, 5) })}</p>}
      {record?.metadata && <Thumbnail metadata={record.metadata} />}
      {record && metadata.length === 0 && <p class="soft small">{say("bare")}</p>}
      {metadata.length > 0 && (
        <dl>
          {metadata.slice(0, ROWS).map(([name, value]) => (
            <div key={name} class="map-card-row">
              <dt class="data">{name}</dt>
              <dd class="data">{brief(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {metadata.length > ROWS && <p class="soft small">+ {number(metadata.length - ROWS)}</p>}
    </div>
  );
}

const LONGEST = 160;

export function brief(value: unknown): string {
  const text = Array.isArray(value) ? value.map(String).join(", ") : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
