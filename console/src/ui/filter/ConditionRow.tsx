import { useId } from "preact/hooks";
import type { FieldInfo } from "../../api/fields";
import { words } from "../../state/language";
import {
  type Condition,
  conditionOn,
  isOperator,
  OPERATORS,
  type Operator,
  type Reason,
  takesList,
  WORDS,
  withOperator,
} from "./filter";
import { ValueInput, ValueList } from "./ValueInput";

const say = words({
  field: { en: "Field of condition {at}", ko: "조건 {at}의 필드" },
  fieldHere: { en: "field", ko: "필드" },
  operator: { en: "Comparison of condition {at}", ko: "조건 {at}의 비교 방법" },
  value: { en: "Value of condition {at}", ko: "조건 {at}의 값" },
  remove: { en: "Remove condition {at}", ko: "조건 {at} 삭제" },
  known: {
    en: { one: "{count} record · {types}", other: "{count} records · {types}" },
    ko: "레코드 {count}개 · {types}",
  },
  string: { en: "text", ko: "문자열" },
  number: { en: "number", ko: "숫자" },
  boolean: { en: "true/false", ko: "참/거짓" },
  list: { en: "list", ko: "목록" },
  $eq: { en: "= is", ko: "= 같음" },
  $ne: { en: "≠ is not", ko: "≠ 다름" },
  $gt: { en: "> above", ko: "> 초과" },
  $gte: { en: "≥ at least", ko: "≥ 이상" },
  $lt: { en: "< below", ko: "< 미만" },
  $lte: { en: "≤ at most", ko: "≤ 이하" },
  $in: { en: "∈ one of", ko: "∈ 중 하나" },
  $nin: { en: "∉ none of", ko: "∉ 모두 아님" },
  $exists: { en: "∃ is there", ko: "∃ 있음" },
  $match_phrase: { en: "“…” holds phrase", ko: "“…” 구절 포함" },
  $match_all: { en: "“…” all words", ko: "“…” 모든 단어" },
  $match_any: { en: "“…” any word", ko: "“…” 아무 단어" },
});

interface Props {
  readonly condition: Condition;
  readonly path: readonly number[];
  readonly reason: Reason | undefined;
  readonly known: readonly FieldInfo[];
  readonly matchWords: boolean;
  readonly onChange: (condition: Condition | undefined) => void;
  readonly onEnter: () => void;
}

/** One condition: a field, a comparison and its value or values. */
export function ConditionRow({ condition, path, reason, known, matchWords, onChange, onEnter }: Props) {
  const id = useId();
  const at = path.map((place) => place + 1).join(".");
  const field = known.find((one) => one.name === condition.field);
  const offered = OPERATORS.filter(
    (one) => matchWords || one === condition.operator || !(WORDS as readonly Operator[]).includes(one),
  );
  const chooseField = (name: string) => {
    const chosen = known.find((one) => one.name === name);
    const untouched = condition.values.every((draft) => draft.text === "" || draft.type === "boolean");
    const fresh = chosen && untouched && condition.operator === "$eq" ? conditionOn(name, chosen) : undefined;
    onChange(fresh ?? { ...condition, field: name });
  };
  const label = say("value", { at });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter in any of its fields applies the filter
    <div class="filter-row" onKeyDown={(event) => event.key === "Enter" && onEnter()}>
      <input
        class="input data"
        list={`${id}-fields`}
        aria-label={say("field", { at })}
        aria-invalid={reason === "operatorName"}
        placeholder={say("fieldHere")}
        autocomplete="off"
        spellcheck={false}
        value={condition.field}
        onInput={(event) => chooseField(event.currentTarget.value)}
      />
      <datalist id={`${id}-fields`}>
        {known.map((one) => (
          <option key={one.name} value={one.name}>
            {say("known", { count: one.records, types: one.types.map((type) => say(type)).join(", ") })}
          </option>
        ))}
      </datalist>
      <select
        class="input"
        aria-label={say("operator", { at })}
        value={condition.operator}
        onChange={(event) => {
          const operator = event.currentTarget.value;
          if (isOperator(operator)) onChange(withOperator(condition, operator));
        }}
      >
        {offered.map((one) => (
          <option key={one} value={one} title={one}>
            {say(one)}
          </option>
        ))}
      </select>
      {takesList(condition.operator) ? (
        <ValueList label={label} condition={condition} field={field} onChange={onChange} />
      ) : (
        <ValueInput label={label} condition={condition} field={field} wrong={reason === "number"} onChange={onChange} />
      )}
      <button
        type="button"
        class="button quiet small"
        aria-label={say("remove", { at })}
        onClick={() => onChange(undefined)}
      >
        ✕
      </button>
    </div>
  );
}
