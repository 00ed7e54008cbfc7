import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { words } from "../../state/language";
import { facts, Thumbnail } from "../../ui/Thumbnail";
import { VirtualRows } from "../../ui/VirtualRows";
import { shown } from "./metadata";
import { Choice, type ListProps, OpenButton, ownValue } from "./RecordTable";
import type { Row } from "./rows";

const say = words({
  label: { en: "Records", ko: "레코드" },
  gone: { en: "deleted meanwhile", ko: "그사이 삭제됨" },
  none: { en: "no metadata", ko: "메타데이터 없음" },
});

const WIDTH = 280;
const HEIGHT = 172;
const SHOWN = 4;

/** Records as cards, as many beside each other as there is room for. */
export function RecordCards({ rows, count, columns, opened, chosen, onOpen, onChoose }: ListProps) {
  const place = useRef<HTMLDivElement>(null);
  const [across, setAcross] = useState(1);
  useLayoutEffect(() => {
    if (!place.current) return undefined;
    const observer = new ResizeObserver(
      ([entry]) => entry && setAcross(Math.max(1, Math.floor(entry.contentRect.width / WIDTH))),
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  const onRange = useCallback(
    (first: number, last: number) => rows.want(first * across, last * across + across - 1),
    [rows, across],
  );
  return (
    <div ref={place} class="record-cards" style={{ "--across": String(across) }}>
      <VirtualRows count={Math.ceil(count / across)} height={HEIGHT} label={say("label")} onRange={onRange}>
        {(line) =>
          Array.from({ length: across }, (_, step) => line * across + step)
            .filter((at) => at < count)
            .map((at) => {
              const id = rows.ids[at];
              return (
                <div key={at} role="cell" class={`record-card ${id !== undefined && id === opened ? "here" : ""}`}>
                  {id !== undefined && (
                    <>
                      <div class="record-card-head">
                        <Choice id={id} at={at} chosen={chosen.has(id)} onChoose={onChoose} />
                        <OpenButton id={id} at={at} opened={opened === id} onOpen={onOpen} />
                      </div>
                      <Contents row={rows.at(at)} columns={columns} />
                    </>
                  )}
                </div>
              );
            })
        }
      </VirtualRows>
    </div>
  );
}

function Contents({ row, columns }: { row: Row | null | undefined; columns: readonly string[] }) {
  if (row === undefined) return <span class="record-blank" />;
  if (row === null) return <span class="badge warn">{say("gone")}</span>;
  const readable = new Set(facts(row.metadata).map(([name]) => name));
  const there = columns.filter((name) => readable.has(name) && ownValue(row, name) !== undefined);
  if (!Object.keys(row.metadata).length) return <p class="soft small">{say("none")}</p>;
  return (
    <div class="record-card-body">
      <Thumbnail metadata={row.metadata} />
      <dl class="record-card-fields">
        {there.slice(0, SHOWN).map((name) => (
          <div key={name}>
            <dt class="data">{name}</dt>
            <dd class="data">{shown(ownValue(row, name), 200)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
