import { useRef, useState } from "preact/hooks";
import { type Metadata, mostBytes, type Place, type StoredRecord } from "../../api/records";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { Problem } from "../../ui/Problem";
import { type Drafts, keyOf } from "./drafts";
import { draftOfMetadata, type MetadataDraft, MetadataEditor, readDraft } from "./MetadataEditor";
import { applied, bytesOf, changesOf, inexactIn } from "./metadata";
import { type Saved, saveMetadata, type Way, wayOf } from "./save";

const say = words({
  metadata: { en: "Metadata", ko: "메타데이터" },
  text: { en: "Text", ko: "텍스트" },
  save: { en: "Save", ko: "저장" },
  undo: { en: "Undo my changes", ko: "변경 취소" },
  saved: { en: "Saved.", ko: "저장했습니다." },
  unsaved: { en: "Not saved yet: {fields}", ko: "아직 저장하지 않음: {fields}" },
  removes: { en: "removed {name}", ko: "{name} 삭제" },
  nothing: { en: "", ko: "" },
  update: { en: "Other fields and the vector stay as they are.", ko: "다른 필드와 벡터는 그대로 둡니다." },
  document: { en: "Other fields stay as they are.", ko: "다른 필드는 그대로 둡니다." },
  rounded: {
    en: "{fields}: shown rounded, since the browser's numbers end at 9,007,199,254,740,991. What is stored is exact, and stays so unless you change it.",
    ko: "{fields}: 브라우저의 숫자는 9,007,199,254,740,991까지만 정확하여 반올림해 보여 줍니다. 저장된 값은 정확하며, 바꾸지 않으면 그대로 유지됩니다.",
  },
  rewrite: {
    en: "An update can only set fields, so removing one writes the whole record again, with the vector it has.",
    ko: "업데이트로는 필드를 지울 수 없어서, 필드를 삭제하면 현재 벡터를 포함해 레코드 전체를 다시 씁니다.",
  },
  embed: {
    en: "The text that was embedded changes, so the record is written again and gets a new vector.",
    ko: "임베딩된 텍스트가 바뀌므로 레코드를 다시 쓰고 벡터도 새로 만듭니다.",
  },
  gone: {
    en: "Somebody deleted this record meanwhile. Nothing was saved; what you typed is still here and can be copied.",
    ko: "그사이 다른 사용자가 이 레코드를 삭제했습니다. 저장하지 않았으며, 입력한 내용은 그대로 있으니 복사할 수 있습니다.",
  },
  conflict: {
    en: "Somebody changed {fields} meanwhile. Nothing was saved. Save again to replace their value with yours.",
    ko: "그사이 다른 사용자가 값을 바꾸었습니다: {fields}. 아직 저장하지 않았으며, 다시 저장하면 내 값으로 바뀝니다.",
  },
  inexact: {
    en: "{fields}: integers beyond 9,007,199,254,740,991 would be rounded by the browser. Nothing was saved; change such a record from Python.",
    ko: "{fields}: 9,007,199,254,740,991보다 큰 정수는 브라우저에서 반올림됩니다. 저장하지 않았으니 이런 레코드는 파이썬에서 바꾸세요.",
  },
});

interface Props {
  readonly place: Place;
  readonly id: string;
  /** undefined: deleted meanwhile, while something typed is left. */
  readonly record: StoredRecord | undefined;
  readonly textField: string | undefined;
  readonly drafts: Drafts;
  readonly onSaved: (record: StoredRecord) => void;
  readonly onStale: () => void;
}

export function RecordMetadata({ place, id, record, textField, drafts, onSaved, onStale }: Props) {
  const key = keyOf(place, id);
  const read = useRef<Metadata>(drafts.get(key)?.before ?? record?.metadata ?? {});
  const [draft, setDraft] = useState<MetadataDraft>(() => drafts.get(key)?.draft ?? draftOfMetadata(read.current));
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Exclude<Saved, { kind: "saved" }>>();
  const [error, setError] = useState<unknown>();

  const metadata = readDraft(draft);
  const before = read.current;
  const way: Way = metadata ? wayOf(before, metadata, textField, place.documents) : "update";
  const tooLarge = metadata !== undefined && bytesOf(metadata) > mostBytes(place);
  const rounded = inexactIn(before);
  const text = textField === undefined ? undefined : before[textField];

  const change = (changed: MetadataDraft) => {
    setDraft(changed);
    drafts.set(key, { draft: changed, before });
  };
  const start = (now: Metadata) => {
    read.current = now;
    drafts.delete(key);
    setDraft(draftOfMetadata(now, draft.mode));
    setOutcome(undefined);
    setError(undefined);
  };
  const save = async (event: Event) => {
    event.preventDefault();
    if (!metadata || busy || way === "nothing" || tooLarge) return;
    setBusy(true);
    setError(undefined);
    setOutcome(undefined);
    try {
      const saved = await saveMetadata(place, id, before, metadata, textField);
      if (saved.kind === "saved") {
        start(saved.record.metadata ?? {});
        onSaved(saved.record);
        toast(say("saved"));
      } else {
        setOutcome(saved);
        if (saved.kind === "conflict") {
          // Only what was told is taken over: another save replaces just that.
          read.current = { ...saved.record.metadata };
          drafts.set(key, { draft: rebased(draft, before, metadata, read.current), before: read.current });
          setDraft(rebased(draft, before, metadata, read.current));
        }
        if (saved.kind === "gone") onStale();
      }
    } catch (error) {
      setError(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class="stack tight" onSubmit={save}>
      {typeof text === "string" && (
        <section class="stack tight">
          <h3>{say("text")}</h3>
          <p class="record-text data">{text}</p>
        </section>
      )}
      <h3>{say("metadata")}</h3>
      <MetadataEditor draft={draft} onChange={change} most={mostBytes(place)} />
      {rounded.length > 0 && <p class="soft small data">{say("rounded", { fields: rounded.join(", ") })}</p>}
      {metadata && way !== "nothing" && <Pending before={before} after={metadata} way={way} />}
      {outcome && (
        <p class="notice warn data" role="alert">
          {say(outcome.kind, { fields: outcome.kind === "gone" ? "" : outcome.fields.join(", ") })}
        </p>
      )}
      {error !== undefined && <Problem error={error} />}
      {(way !== "nothing" || !metadata) && (
        <div class="row record-save">
          <button type="submit" class="button primary" disabled={busy || !metadata || tooLarge}>
            {say("save")}
          </button>
          <button type="button" class="button" disabled={busy} onClick={() => start(before)}>
            {say("undo")}
          </button>
        </div>
      )}
    </form>
  );
}

/** The draft on top of what others wrote: their changes, except where ours differ. */
function rebased(draft: MetadataDraft, before: Metadata, after: Metadata, now: Metadata): MetadataDraft {
  return draftOfMetadata(applied(now, changesOf(before, after)), draft.mode);
}

function Pending({ before, after, way }: { before: Metadata; after: Metadata; way: Way }) {
  const { set, removed } = changesOf(before, after);
  const fields = [...Object.keys(set), ...removed.map((name) => say("removes", { name }))].join(", ");
  return (
    <p class="soft small data">
      {say("unsaved", { fields })}. {say(way)}
    </p>
  );
}
