import { send } from "../../api/client";
import { type Found, fetchByIds } from "../../api/records";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { Problem } from "../../ui/Problem";
import { facts, Thumbnail } from "../../ui/Thumbnail";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";

const say = words({
  record: { en: "Record", ko: "레코드" },
  close: { en: "Close", ko: "닫기" },
  gone: { en: "This record is not there any more.", ko: "이 레코드는 더 이상 없습니다." },
  absent: {
    en: "It is not on the map: the filter or the sample left it out.",
    ko: "필터나 표본에서 빠져 지도에는 없습니다.",
  },
  bare: { en: "It has no metadata.", ko: "메타데이터가 없습니다." },
  neighbours: { en: "Show its neighbours", ko: "이웃 보기" },
  browse: { en: "Open in Browse", ko: "레코드에서 열기" },
  search: { en: "Search with it", ko: "이것으로 검색" },
});

interface Props {
  readonly index: string;
  readonly namespace: string;
  readonly id: string;
  readonly onMap: boolean;
  readonly onNeighbours: () => void;
  readonly onClose: () => void;
}

/** The record that was clicked on. */
export function RecordCard({ index, namespace, id, onMap, onNeighbours, onClose }: Props) {
  const found = useCall(
    (signal) => send<Found>(fetchByIds({ index, namespace }, [id]), signal),
    [index, namespace, id],
  );
  const record = found.waiting ? undefined : found.answer?.vectors[id];
  const metadata = facts(record?.metadata ?? {});
  return (
    <section class="panel map-record stack tight" aria-label={say("record")}>
      <div class="row map-record-head">
        <h2 class="data grow">{id}</h2>
        <button type="button" class="button quiet small" aria-label={say("close")} onClick={onClose}>
          ✕
        </button>
      </div>
      {found.error !== undefined && <Problem error={found.error} again={found.again} />}
      {found.waiting && <Waiting />}
      {!found.waiting && found.answer && !record && <p class="soft">{say("gone")}</p>}
      {!onMap && <p class="soft small">{say("absent")}</p>}
      {record?.metadata && <Thumbnail metadata={record.metadata} />}
      {record && metadata.length === 0 && <p class="soft small">{say("bare")}</p>}
      {metadata.length > 0 && (
        <dl class="facts map-facts" tabIndex={0}>
          {metadata.map(([name, value]) => (
            <div key={name} class="map-fact">
              <dt class="data">{name}</dt>
              <dd class="data">{Array.isArray(value) ? value.map(String).join(", ") : String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <div class="row">
        <button type="button" class="button small" onClick={onNeighbours}>
          {say("neighbours")}
        </button>
        <a class="button small" href={withQuery(to.browse(index), { namespace, id })}>
          {say("browse")}
        </a>
        <a class="button small" href={withQuery(to.search(index), { namespace, id })}>
          {say("search")}
        </a>
      </div>
    </section>
  );
}
