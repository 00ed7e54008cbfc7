import { useState } from "preact/hooks";
import { send } from "../../api/client";
import type { Index } from "../../api/indexes";
import {
  fetchRecord,
  ID_LENGTH,
  mostBytes,
  type Place,
  type StoredRecord,
  upsert,
  upsertText,
} from "../../api/records";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { Dialog } from "../../ui/Dialog";
import { CheckField, TextArea, TextField } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { Problem } from "../../ui/Problem";
import { draftOfMetadata, MetadataEditor, readDraft } from "./MetadataEditor";
import { bytesOf } from "./metadata";
import { asciiOf, isAscii } from "./source";
import { numbersOf, sparseOf } from "./vector";

const say = words({
  title: { en: "Add a record", ko: "레코드 추가" },
  id: { en: "Id", ko: "아이디" },
  idHint: { en: "1 to {most} ASCII characters.", ko: "ASCII 문자 1~{most}자입니다." },
  noId: { en: "Give the record an id.", ko: "아이디를 입력하세요." },
  ascii: {
    en: "Ids are ASCII. Percent-encoded, this one is {encoded}",
    ko: "아이디에는 ASCII 문자만 쓸 수 있습니다. 퍼센트 인코딩하면 {encoded}입니다.",
  },
  encode: { en: "Use the encoded id", ko: "인코딩한 아이디 사용" },
  long: {
    en: "This has {count} characters; at most {most} are allowed.",
    ko: "{count}자입니다. 최대 {most}자까지 가능합니다.",
  },
  text: { en: "Text ({field})", ko: "텍스트({field})" },
  textHint: {
    en: "The index makes the vector of it, with {model}.",
    ko: "인덱스가 {model} 모델로 이 텍스트의 벡터를 만듭니다.",
  },
  noText: { en: "Give a text to embed.", ko: "임베딩할 텍스트를 입력하세요." },
  vector: { en: "Vector", ko: "벡터" },
  vectorHint: {
    en: "{count} of {dimension} numbers, with commas or spaces between them.",
    ko: "쉼표나 공백으로 구분한 숫자 {dimension}개 중 {count}개",
  },
  sparse: { en: "Sparse values", ko: "희소 값" },
  sparseHint: {
    en: "Entries such as 12: 0.5, one a line or with commas. So far {count}.",
    ko: "12: 0.5처럼 한 줄에 하나씩, 또는 쉼표로 구분합니다. 현재 {count}개",
  },
  optional: { en: "Not needed.", ko: "없어도 됩니다." },
  wrong: { en: "“{word}” is not understood.", ko: "숫자로 읽을 수 없습니다: {word}" },
  metadata: { en: "Metadata", ko: "메타데이터" },
  exists: {
    en: "There is a record with this id. Adding this one replaces all of it.",
    ko: "같은 아이디의 레코드가 있습니다. 추가하면 기존 레코드를 통째로 바꿉니다.",
  },
  replace: { en: "Replace it", ko: "바꾸기" },
  add: { en: "Add", ko: "추가" },
  added: { en: "{id} is stored.", ko: "저장했습니다: {id}" },
});

interface Props {
  readonly index: Index;
  readonly place: Place;
  readonly onClose: () => void;
  readonly onAdded: (id: string) => void;
}

export function AddRecord({ index, place, onClose, onAdded }: Props) {
  const textField = index.embed?.field_map?.text;
  const [id, setId] = useState("");
  const [text, setText] = useState("");
  const [vector, setVector] = useState("");
  const [sparse, setSparse] = useState("");
  const [draft, setDraft] = useState(() => draftOfMetadata({}));
  const [tried, setTried] = useState(false);
  const [there, setThere] = useState<string>();
  const [replace, setReplace] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const numbers = numbersOf(vector);
  const entries = sparseOf(sparse);
  const metadata = readDraft(draft);
  const dimension = index.dimension ?? 0;
  const wrongId = idFault(id);
  const ready =
    id !== "" &&
    !wrongId &&
    metadata !== undefined &&
    bytesOf(metadata) <= mostBytes(place) &&
    !numbers.wrong &&
    !entries.wrong &&
    (textField !== undefined
      ? text.trim() !== ""
      : place.documents || index.vector_type === "sparse" || numbers.numbers.length === dimension) &&
    (there !== id || replace);

  const add = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!ready || busy || !metadata) return;
    setBusy(true);
    setError(undefined);
    try {
      if (!replace && (await fetchRecord(place, id))) return setThere(id);
      await send(
        textField === undefined
          ? upsert(place, [{ id, ...partsOf(numbers.numbers, entries), metadata }])
          : upsertText(place, id, { ...metadata, [textField]: text }),
      );
      toast(say("added", { id: id.slice(0, 80) }));
      onAdded(id);
      onClose();
    } catch (error) {
      setError(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog title={say("title")} onClose={onClose} wide>
      <form class="stack" onSubmit={add}>
        <TextField
          label={say("id")}
          hint={
            wrongId && !isAscii(id) ? (
              <button type="button" class="button small" onClick={() => setId(asciiOf(id))}>
                {say("encode")}
              </button>
            ) : (
              say("idHint", { most: ID_LENGTH })
            )
          }
          wrong={wrongId ?? (tried && !id ? say("noId") : undefined)}
          value={id}
          onInput={setId}
          autocomplete="off"
          spellcheck={false}
        />
        {textField !== undefined && (
          <TextArea
            label={say("text", { field: textField })}
            hint={say("textHint", { model: index.embed?.model ?? "" })}
            wrong={tried && !text.trim() ? say("noText") : undefined}
            rows={4}
            value={text}
            onInput={setText}
          />
        )}
        {textField === undefined && !place.documents && index.vector_type === "dense" && (
          <TextArea
            label={say("vector")}
            hint={say("vectorHint", { count: numbers.numbers.length, dimension })}
            wrong={
              numbers.wrong
                ? say("wrong", { word: numbers.wrong })
                : tried && numbers.numbers.length !== dimension
                  ? say("vectorHint", { count: numbers.numbers.length, dimension })
                  : undefined
            }
            mono
            spellcheck={false}
            rows={4}
            value={vector}
            onInput={setVector}
          />
        )}
        {textField === undefined &&
          !place.documents &&
          (index.vector_type === "sparse" || index.metric === "dotproduct") && (
            <TextArea
              label={say("sparse")}
              hint={`${say("sparseHint", { count: entries.indices.length })} ${index.vector_type === "dense" ? say("optional") : ""}`}
              wrong={entries.wrong ? say("wrong", { word: entries.wrong }) : undefined}
              mono
              spellcheck={false}
              rows={3}
              value={sparse}
              onInput={setSparse}
            />
          )}
        <section class="stack tight">
          <h3>{say("metadata")}</h3>
          <MetadataEditor draft={draft} onChange={setDraft} most={mostBytes(place)} />
        </section>
        {there === id && id !== "" && (
          <div class="notice warn stack tight" role="alert">
            <p>{say("exists")}</p>
            <CheckField label={say("replace")} checked={replace} onInput={setReplace} />
          </div>
        )}
        {error !== undefined && <Problem error={error} />}
        <FormActions submit={say("add")} disabled={busy || (there === id && !replace)} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

function idFault(id: string): string | undefined {
  if (!isAscii(id)) return say("ascii", { encoded: asciiOf(id).slice(0, 60) });
  return id.length > ID_LENGTH ? say("long", { count: id.length, most: ID_LENGTH }) : undefined;
}

function partsOf(
  values: readonly number[],
  { indices, values: weights }: ReturnType<typeof sparseOf>,
): Partial<StoredRecord> {
  return {
    ...(values.length ? { values } : {}),
    ...(indices.length ? { sparseValues: { indices, values: weights } } : {}),
  };
}
