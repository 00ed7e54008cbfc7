import { useId } from "preact/hooks";
import { METADATA_BYTES, type Metadata } from "../../api/records";
import { bytes, number, words } from "../../state/language";
import { placeOf } from "../../ui/filter/json";
import { bytesOf, draftsOf, type FieldDraft, metadataOf, metadataOfJson, TYPES, type Type } from "./metadata";
import { jsonProblem } from "./problems";

const say = words({
  how: { en: "Edit the metadata as", ko: "메타데이터 편집 방식" },
  fields: { en: "Fields", ko: "필드" },
  json: { en: "JSON", ko: "JSON" },
  asJson: { en: "Metadata as JSON", ko: "JSON 메타데이터" },
  none: { en: "No metadata yet.", ko: "아직 메타데이터가 없습니다." },
  add: { en: "+ Field", ko: "+ 필드" },
  name: { en: "Name of field {at}", ko: "필드 {at}의 이름" },
  nameHere: { en: "name", ko: "이름" },
  type: { en: "Type of {name}", ko: "{name}의 형식" },
  value: { en: "Value of {name}", ko: "{name}의 값" },
  remove: { en: "Remove {name}", ko: "{name} 삭제" },
  this: { en: "field {at}", ko: "필드 {at}" },
  string: { en: "text", ko: "문자열" },
  number: { en: "number", ko: "숫자" },
  boolean: { en: "true/false", ko: "참/거짓" },
  list: { en: "list", ko: "목록" },
  lines: { en: "one element a line", ko: "한 줄에 하나씩" },
  noName: { en: "Give the field a name.", ko: "필드 이름을 입력하세요." },
  dollar: { en: "Names must not begin with $.", ko: "이름은 $로 시작할 수 없습니다." },
  twice: { en: "Another field has this name.", ko: "같은 이름의 필드가 있습니다." },
  noNumber: { en: "This is not a number.", ko: "숫자가 아닙니다." },
  where: { en: "Line {line}, column {column}: {what}", ko: "{line}행 {column}열: {what}" },
  size: { en: "{size} of {limit}", ko: "{limit} 중 {size}" },
  large: {
    en: "Too large: {size} bytes, and a record holds at most {limit}. Nothing is sent until it fits.",
    ko: "너무 큽니다. {size}바이트인데 레코드 하나에는 {limit}바이트까지만 담을 수 있습니다. 줄이기 전에는 보내지 않습니다.",
  },
});

/** What is in the editor, finished or not. */
export interface MetadataDraft {
  readonly mode: "fields" | "json";
  readonly fields: readonly FieldDraft[];
  readonly text: string;
}

export const draftOfMetadata = (metadata: Metadata, mode: MetadataDraft["mode"] = "fields"): MetadataDraft => ({
  mode,
  fields: draftsOf(metadata),
  text: JSON.stringify(metadata, null, 2),
});

/** undefined while something in the editor is wrong, its size apart. */
export const readDraft = (draft: MetadataDraft): Metadata | undefined =>
  draft.mode === "json" ? metadataOfJson(draft.text).metadata : metadataOf(draft.fields).metadata;

interface Props {
  readonly draft: MetadataDraft;
  readonly onChange: (draft: MetadataDraft) => void;
  /** Bytes that the server stores at most. */
  readonly most?: number;
}

export function MetadataEditor({ draft, onChange, most = METADATA_BYTES }: Props) {
  const metadata = readDraft(draft);
  const show = (mode: MetadataDraft["mode"]) => metadata && onChange(draftOfMetadata(metadata, mode));
  return (
    <div class="stack tight">
      <div class="row spread">
        <fieldset class="segments" aria-label={say("how")}>
          {(["fields", "json"] as const).map((mode) => (
            <button
              key={mode}
              type="button"
              class="button small"
              aria-pressed={draft.mode === mode}
              disabled={draft.mode !== mode && !metadata}
              onClick={() => show(mode)}
            >
              {say(mode)}
            </button>
          ))}
        </fieldset>
        {metadata && <Size metadata={metadata} most={most} />}
      </div>
      {draft.mode === "json" ? (
        <JsonText draft={draft} onChange={onChange} />
      ) : (
        <FieldRows draft={draft} onChange={onChange} />
      )}
      {metadata && bytesOf(metadata) > most && (
        <p class="browse-wrong" role="alert">
          {say("large", { size: bytesOf(metadata), limit: most })}
        </p>
      )}
    </div>
  );
}

function Size({ metadata, most }: { metadata: Metadata; most: number }) {
  const size = bytesOf(metadata);
  return (
    <span class={size > most ? "badge bad" : "soft small"}>
      {say("size", { size: bytes(size), limit: bytes(most) })}
    </span>
  );
}

function JsonText({ draft, onChange }: Props) {
  const id = useId();
  const { problem } = metadataOfJson(draft.text);
  return (
    <div>
      <textarea
        class="input mono"
        aria-label={say("asJson")}
        aria-describedby={id}
        aria-invalid={problem !== undefined}
        spellcheck={false}
        rows={Math.min(20, Math.max(5, draft.text.split("\n").length + 1))}
        value={draft.text}
        onInput={(event) => onChange({ ...draft, text: event.currentTarget.value })}
      />
      <p id={id} class="browse-wrong data" role="status">
        {problem && say("where", { ...placeOf(draft.text, problem.start), what: jsonProblem(problem) })}
      </p>
    </div>
  );
}

function FieldRows({ draft, onChange }: Props) {
  const { faults } = metadataOf(draft.fields);
  const change = (at: number, field: FieldDraft) => onChange({ ...draft, fields: draft.fields.with(at, field) });
  return (
    <div class="stack tight">
      {draft.fields.length === 0 && <p class="soft small">{say("none")}</p>}
      {draft.fields.map((field, at) => {
        const fault = faults.get(at);
        const name = field.name || say("this", { at: number(at + 1) });
        return (
          <div key={at} class="metadata-field">
            <input
              class="input data"
              aria-label={say("name", { at: at + 1 })}
              aria-invalid={fault !== undefined && fault !== "number"}
              placeholder={say("nameHere")}
              spellcheck={false}
              value={field.name}
              onInput={(event) => change(at, { ...field, name: event.currentTarget.value })}
            />
            <select
              class="input"
              aria-label={say("type", { name })}
              value={field.type}
              onChange={(event) => change(at, retyped(field, event.currentTarget.value as Type))}
            >
              {TYPES.map((type) => (
                <option key={type} value={type}>
                  {say(type)}
                </option>
              ))}
            </select>
            <button
              type="button"
              class="button quiet small"
              aria-label={say("remove", { name })}
              onClick={() => onChange({ ...draft, fields: draft.fields.toSpliced(at, 1) })}
            >
              ✕
            </button>
            <ValueEditor
              field={field}
              label={say("value", { name })}
              wrong={fault === "number"}
              onChange={(text) => change(at, { ...field, text })}
            />
            {fault && <span class="browse-wrong">{say(fault === "number" ? "noNumber" : fault)}</span>}
          </div>
        );
      })}
      <button
        type="button"
        class="button small browse-start"
        onClick={() => onChange({ ...draft, fields: [...draft.fields, { name: "", type: "string", text: "" }] })}
      >
        {say("add")}
      </button>
    </div>
  );
}

const retyped = (field: FieldDraft, type: Type): FieldDraft =>
  type === "boolean"
    ? { ...field, type, text: "true" }
    : { ...field, type, text: field.type === "boolean" ? "" : field.text };

interface ValueProps {
  readonly field: FieldDraft;
  readonly label: string;
  readonly wrong: boolean;
  readonly onChange: (text: string) => void;
}

function ValueEditor({ field, label, wrong, onChange }: ValueProps) {
  if (field.type === "boolean") {
    return (
      <select
        class="input"
        aria-label={label}
        value={field.text}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  }
  const common = { class: "input data", "aria-label": label, "aria-invalid": wrong, value: field.text };
  if (field.type === "number") {
    return <input {...common} inputMode="decimal" onInput={(event) => onChange(event.currentTarget.value)} />;
  }
  const lines = field.text.split("\n").length;
  return (
    <textarea
      {...common}
      rows={Math.min(9, field.type === "list" ? lines + 1 : Math.max(lines, Math.ceil(field.text.length / 44)))}
      placeholder={field.type === "list" ? say("lines") : ""}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}
