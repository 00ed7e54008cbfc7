import { useId, useRef } from "preact/hooks";
import { words } from "../../state/language";
import { type Problem, told } from "./check";

const say = words({
  label: { en: "Filter as JSON", ko: "JSON 필터" },
  fine: { en: "This filter is valid.", ko: "올바른 필터입니다." },
  none: { en: "No filter: every record matches.", ko: "필터 없음: 모든 레코드가 일치합니다." },
  more: { en: "and {count} more", ko: "외 {count}건" },
});

const SHOWN = 4;

interface Props {
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly onChange: (text: string) => void;
  readonly label?: string;
}

/** JSON that is checked while it is typed; each problem leads to its place. */
export function FilterText({ text, problems, onChange, label = say("label") }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const goTo = (problem: Problem) => {
    area.current?.focus();
    area.current?.setSelectionRange(problem.start, Math.max(problem.end, problem.start + 1));
  };
  return (
    <div class="stack tight filter-text">
      <textarea
        ref={area}
        class="input mono"
        aria-label={label}
        aria-describedby={id}
        aria-invalid={problems.length > 0}
        spellcheck={false}
        rows={Math.min(16, Math.max(3, text.split("\n").length + 1))}
        placeholder='{"year": {"$gte": 2020}}'
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <div id={id} class="small" role="status">
        {problems.length === 0 && <span class="soft">{text.trim() ? `✓ ${say("fine")}` : say("none")}</span>}
        {problems.slice(0, SHOWN).map((problem) => (
          <button
            key={`${problem.start} ${problem.what}`}
            type="button"
            class="filter-problem data"
            onClick={() => goTo(problem)}
          >
            {told(text, problem)}
          </button>
        ))}
        {problems.length > SHOWN && <span class="soft">{say("more", { count: problems.length - SHOWN })}</span>}
      </div>
    </div>
  );
}
