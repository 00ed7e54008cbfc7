import { useEffect, useRef, useState } from "preact/hooks";
import type { Index } from "../../api/indexes";
import { fetchRecord, type Place, type StoredRecord } from "../../api/records";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { Copy } from "../../ui/Copy";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { CodeDialog } from "./CodeDialog";
import { DeleteRecords } from "./DeleteRecords";
import { type Drafts, keyOf } from "./drafts";
import { RecordMetadata } from "./RecordMetadata";
import { decoded } from "./source";
import { SparseView, VectorView } from "./VectorView";

const say = words({
  record: { en: "Record", ko: "레코드" },
  close: { en: "Close the record", ko: "레코드 닫기" },
  previous: { en: "Previous record", ko: "이전 레코드" },
  next: { en: "Next record", ko: "다음 레코드" },
  similar: { en: "Find similar", ko: "비슷한 레코드 찾기" },
  code: { en: "As code", ko: "코드로 보기" },
  meant: { en: "Decoded: {text}", ko: "디코딩한 아이디: {text}" },
  remove: { en: "Delete", ko: "삭제" },
  gone: {
    en: "There is no such record in this namespace: it was deleted, or never there.",
    ko: "이 네임스페이스에 없는 레코드입니다. 삭제되었거나 처음부터 없었습니다.",
  },
  drop: { en: "Take it off the list", ko: "목록에서 빼기" },
  again: { en: "Look again", ko: "다시 확인" },
});

interface Props {
  readonly index: Index;
  readonly place: Place;
  readonly id: string;
  readonly drafts: Drafts;
  readonly onClose: () => void;
  readonly onStep: (step: 1 | -1) => void;
  readonly onChanged: (record: StoredRecord) => void;
  readonly onDeleted: (ids: readonly string[]) => void;
}

/** One record, beside the list. */
export function RecordPanel({ index, place, id, drafts, onClose, onStep, onChanged, onDeleted }: Props) {
  const key = keyOf(place, id);
  const asked = useCall(
    async (signal) => ({ record: await fetchRecord(place, id, signal), key }),
    [place.index, place.namespace, id],
  );
  const [dialog, setDialog] = useState<"code" | "delete">();
  const panel = useRef<HTMLElement>(null);
  const meant = decoded(id);
  const answer = asked.answer?.key === key ? asked.answer : undefined;

  // Another record begins at its top.
  useEffect(() => {
    panel.current?.scrollTo(0, 0);
    if (document.activeElement !== document.body) panel.current?.focus(); // not when the page opens with a record
  }, [id]);

  return (
    <aside
      ref={panel}
      class="panel record-panel stack"
      aria-label={say("record")}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !(event.target as Element).closest("dialog")) onClose();
      }}
    >
      <header class="stack tight">
        <div class="row spread">
          <span class="row">
            <button type="button" class="button quiet small" aria-label={say("previous")} onClick={() => onStep(-1)}>
              ↑
            </button>
            <button type="button" class="button quiet small" aria-label={say("next")} onClick={() => onStep(1)}>
              ↓
            </button>
          </span>
          <button type="button" class="button quiet small" aria-label={say("close")} onClick={onClose}>
            ✕
          </button>
        </div>
        <h2 class="data record-id">{id}</h2>
        {meant !== id && <p class="data soft small">{say("meant", { text: meant })}</p>}
        <div class="row">
          <Copy text={id} />
          {answer?.record && (
            <>
              <a class="button small" href={withQuery(to.search(place.index), { namespace: place.namespace, id })}>
                {say("similar")}
              </a>
              <button type="button" class="button small" onClick={() => setDialog("code")}>
                {say("code")}
              </button>
              <button type="button" class="button small danger" onClick={() => setDialog("delete")}>
                {say("remove")}
              </button>
            </>
          )}
        </div>
      </header>
      {asked.error !== undefined && <Problem error={asked.error} again={asked.again} />}
      {!answer && asked.waiting && <Waiting />}
      {answer && !answer.record && <Gone onAgain={asked.again} onDrop={() => onDeleted([id])} />}
      {answer && (answer.record || drafts.has(key)) && (
        <RecordMetadata
          key={key}
          place={place}
          id={id}
          record={answer.record}
          textField={index.embed?.field_map?.text}
          drafts={drafts}
          onSaved={(record) => {
            onChanged(record);
            asked.again();
          }}
          onStale={asked.again}
        />
      )}
      {answer?.record && <VectorView values={answer.record.values} />}
      {answer?.record?.sparseValues && <SparseView sparse={answer.record.sparseValues} />}
      {dialog === "code" && answer?.record && (
        <CodeDialog place={place} record={answer.record} onClose={() => setDialog(undefined)} />
      )}
      {dialog === "delete" && (
        <DeleteRecords
          place={place}
          what={{ ids: [id] }}
          onClose={() => setDialog(undefined)}
          onDeleted={() => onDeleted([id])}
        />
      )}
    </aside>
  );
}

function Gone({ onAgain, onDrop }: { onAgain: () => void; onDrop: () => void }) {
  return (
    <div class="notice warn stack tight" role="alert">
      <p>{say("gone")}</p>
      <div class="row">
        <button type="button" class="button small" onClick={onAgain}>
          {say("again")}
        </button>
        <button type="button" class="button small" onClick={onDrop}>
          {say("drop")}
        </button>
      </div>
    </div>
  );
}
