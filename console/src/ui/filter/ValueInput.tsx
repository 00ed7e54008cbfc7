import { useId, useState } from "preact/hooks";
import type { FieldInfo } from "../../api/fields";
import { number, words } from "../../state/language";
import { type Condition, type Draft, emptyDraft, scalarOf, typesOf, type ValueType } from "./filter";

const say = words({
  type: { en: "Type of {label}", ko: "{label} 형식" },
  string: { en: "text", ko: "문자열" },
  number: { en: "number", ko: "숫자" },
  boolean: { en: "true/false", ko: "참/거짓" },
  true: { en: "true", ko: "true (참)" },
  false: { en: "false", ko: "false (거짓)" },
  yes: { en: "yes", ko: "예" },
  no: { en: "no", ko: "아니요" },
  here: { en: "value", ko: "값" },
  add: { en: "value, then Enter", ko: "값 입력 후 Enter" },
  take: { en: "Take out {value}", ko: "{value} 빼기" },
  records: { en: { one: "{count} record", other: "{count} records" }, ko: "레코드 {count}개" },
  between: { en: "{least} to {most}", ko: "{least}~{most}" },
});

interface Props {
  readonly label: string;
  readonly condition: Condition;
  readonly field: FieldInfo | undefined;
  readonly onChange: (condition: Condition) => void;
}

/** One value, with its type and what the field holds most often. */
export function ValueInput({ label, condition, field, wrong, onChange }: Props & { wrong: boolean }) {
  const types = typesOf(condition.operator);
  const draft = condition.values[0] ?? emptyDraft(types[0] ?? "string");
  const set = (changed: Draft) => onChange({ ...condition, values: [changed] });
  return (
    <div class="filter-value">
      <DraftInput
        label={label}
        draft={draft}
        field={field}
        wrong={wrong}
        yesNo={condition.operator === "$exists"}
        onChange={set}
      />
      {types.length > 1 && (
        <TypeChoice label={label} type={draft.type} onChange={(type) => set(retyped(draft, type))} />
      )}
    </div>
  );
}

/** Values one by one: Enter or a pasted line adds one. */
export function ValueList({ label, condition, field, onChange }: Props) {
  const first = condition.values[0]?.type ?? field?.types.find((type) => type !== "list") ?? "string";
  const [draft, setDraft] = useState<Draft>(emptyDraft(first));
  const add = (text: string) => {
    const given = text.split("\n").map((line) => ({ ...draft, text: line.trim() }));
    const fresh = given.filter((one) => scalarOf(one) !== undefined && !condition.values.some((old) => same(old, one)));
    if (fresh.length) onChange({ ...condition, values: [...condition.values, ...fresh] });
    if (given.every((one) => one.text === "" || scalarOf(one) !== undefined)) setDraft(emptyDraft(draft.type));
  };
  return (
    <div class="filter-values">
      {condition.values.map((value, at) => (
        <span key={`${value.type} ${value.text}`} class="chip">
          <span class="data">{value.type === "string" ? value.text : <b>{value.text}</b>}</span>
          <button
            type="button"
            aria-label={say("take", { value: value.text })}
            onClick={() => onChange({ ...condition, values: condition.values.toSpliced(at, 1) })}
          >
            ✕
          </button>
        </span>
      ))}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the field inside has the focus */}
      <div
        class="filter-value"
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          event.stopPropagation();
          add(draft.text);
        }}
        onPaste={(event) => {
          const text = event.clipboardData?.getData("text/plain") ?? "";
          if (!text.includes("\n")) return;
          event.preventDefault();
          add(text);
        }}
        onFocusOut={(event) => {
          const inside = event.currentTarget.contains(event.relatedTarget as Node | null);
          if (!inside && draft.type !== "boolean") add(draft.text);
        }}
      >
        <DraftInput
          label={label}
          draft={draft}
          field={field}
          wrong={draft.text !== "" && scalarOf(draft) === undefined}
          yesNo={false}
          placeholder={say("add")}
          onChange={setDraft}
        />
        <TypeChoice label={label} type={draft.type} onChange={(type) => setDraft(retyped(draft, type))} />
        <button type="button" class="button small" aria-label={`${label} +`} onClick={() => add(draft.text)}>
          +
        </button>
      </div>
    </div>
  );
}

const same = (one: Draft, other: Draft) => one.type === other.type && one.text === other.text;
const retyped = (draft: Draft, type: ValueType): Draft =>
  type === "boolean" || draft.type === "boolean" ? emptyDraft(type) : { type, text: draft.text };

interface DraftProps {
  readonly label: string;
  readonly draft: Draft;
  readonly field: FieldInfo | undefined;
  readonly wrong: boolean;
  readonly yesNo: boolean;
  readonly placeholder?: string;
  readonly onChange: (draft: Draft) => void;
}

function DraftInput({ label, draft, field, wrong, yesNo, placeholder, onChange }: DraftProps) {
  const id = useId();
  if (draft.type === "boolean") {
    return (
      <select
        class="input"
        aria-label={label}
        value={draft.text}
        onChange={(event) => onChange({ ...draft, text: event.currentTarget.value })}
      >
        <option value="true">{yesNo ? say("yes") : say("true")}</option>
        <option value="false">{yesNo ? say("no") : say("false")}</option>
      </select>
    );
  }
  const values = (field?.values ?? []).filter(({ value }) => typeof value === draft.type);
  const range = draft.type === "number" && field && field.least !== null && field.most !== null;
  const hint = range ? say("between", { least: number(field.least ?? 0), most: number(field.most ?? 0) }) : say("here");
  return (
    <>
      <input
        class="input data"
        list={values.length ? id : undefined}
        inputMode={draft.type === "number" ? "decimal" : "text"}
        aria-label={label}
        aria-invalid={wrong}
        placeholder={placeholder ?? hint}
        autocomplete="off"
        spellcheck={false}
        value={draft.text}
        onInput={(event) => onChange({ ...draft, text: event.currentTarget.value })}
      />
      {values.length > 0 && (
        <datalist id={id}>
          {values.map(({ value, records }) => (
            <option key={String(value)} value={String(value)}>
              {say("records", { count: records })}
            </option>
          ))}
        </datalist>
      )}
    </>
  );
}

function TypeChoice({
  label,
  type,
  onChange,
}: {
  label: string;
  type: ValueType;
  onChange: (type: ValueType) => void;
}) {
  return (
    <select
      class="input filter-type"
      aria-label={say("type", { label })}
      value={type}
      onChange={(event) => onChange(event.currentTarget.value as ValueType)}
    >
      {(["string", "number", "boolean"] as const).map((one) => (
        <option key={one} value={one}>
          {say(one)}
        </option>
      ))}
    </select>
  );
}
