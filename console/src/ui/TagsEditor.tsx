import { LIMITS } from "../api/limits";
import { type TagProblem, type TagRow, wrongTags } from "../api/tags";
import { words } from "../state/language";

const say = words({
  key: { en: "Name of tag {count}", ko: "태그 {count} 이름" },
  value: { en: "Value of tag {count}", ko: "태그 {count} 값" },
  name: { en: "name", ko: "이름" },
  text: { en: "value", ko: "값" },
  add: { en: "Add a tag", ko: "태그 추가" },
  remove: { en: "Remove tag {count}", ko: "태그 {count} 삭제" },
  wrong_key: {
    en: "The name of a tag has up to {key} letters, digits, _ and -.",
    ko: "태그 이름은 영문자, 숫자, _, -로 {key}자까지 쓸 수 있습니다.",
  },
  wrong_value: {
    en: "The value of a tag has up to {value} letters, digits, spaces and _-;@.+",
    ko: "태그 값은 영문자, 숫자, 공백, _-;@.+로 {value}자까지 쓸 수 있습니다.",
  },
  wrong_twice: { en: "Two tags have this name.", ko: "이름이 같은 태그가 있습니다." },
  wrong_ours: {
    en: "This tag says how the index is searched: use the form for that.",
    ko: "이 태그는 검색 방식을 나타냅니다. 검색 방식 양식에서 바꾸세요.",
  },
  wrong_empty: { en: "A tag needs a value.", ko: "태그에는 값이 필요합니다." },
});

const PROBLEMS: Readonly<Record<TagProblem, Parameters<typeof say>[0]>> = {
  key: "wrong_key",
  value: "wrong_value",
  twice: "wrong_twice",
  ours: "wrong_ours",
  empty: "wrong_empty",
};

interface Props {
  readonly rows: readonly TagRow[];
  readonly onChange: (rows: readonly TagRow[]) => void;
  /** Say what is missing too, not only what is wrong. */
  readonly strict?: boolean;
}

export function TagsEditor({ rows, onChange, strict = false }: Props) {
  const wrong = wrongTags(rows);
  const change = (at: number, changed: Partial<TagRow>) =>
    onChange(rows.map((row, place) => (place === at ? { ...row, ...changed } : row)));
  return (
    <div class="stack tight">
      {rows.map((row, at) => {
        const problem = wrong[at] === "empty" && !strict ? undefined : wrong[at];
        const invalid = problem ? { "aria-invalid": "true" as const } : {};
        const count = at + 1;
        return (
          // Rows have no other name than their place.
          <div class="field" key={at}>
            <div class="tag-row">
              <input
                class="input"
                aria-label={say("key", { count })}
                placeholder={say("name")}
                value={row.key}
                spellcheck={false}
                {...(problem !== "value" && problem !== "empty" ? invalid : {})}
                onInput={(event) => change(at, { key: event.currentTarget.value })}
              />
              <input
                class="input"
                aria-label={say("value", { count })}
                placeholder={say("text")}
                value={row.value}
                spellcheck={false}
                {...(problem === "value" || problem === "empty" ? invalid : {})}
                onInput={(event) => change(at, { value: event.currentTarget.value })}
              />
              <button
                type="button"
                class="button quiet"
                aria-label={say("remove", { count })}
                onClick={() => onChange(rows.filter((_, place) => place !== at))}
              >
                ✕
              </button>
            </div>
            {problem && (
              <div class="wrong" role="status">
                {say(PROBLEMS[problem], { key: LIMITS.tagKey, value: LIMITS.tagValue })}
              </div>
            )}
          </div>
        );
      })}
      <div>
        <button
          type="button"
          class="button small"
          disabled={rows.length >= LIMITS.tags}
          onClick={() => onChange([...rows, { key: "", value: "" }])}
        >
          {say("add")}
        </button>
      </div>
    </div>
  );
}
