import { useEffect, useRef } from "preact/hooks";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Waiting } from "../../ui/Waiting";
import { AskStep } from "./AskStep";
import { Clean } from "./Clean";
import { FilterStep } from "./FilterStep";
import { Learn } from "./Learn";
import { MapStep } from "./MapStep";
import { Meaning } from "./Meaning";
import { Recall } from "./Recall";
import { Start } from "./Start";
import { isStep, look, place, progress, ready, remember, STEPS, type Step, trouble } from "./state";
import "./tour.css";
import { Words } from "./Words";

const say = words({
  title: { en: "Pinyon in two minutes", ko: "2분 만에 보는 Pinyon" },
  steps: { en: "Steps of the tour", ko: "둘러보기 단계" },
  start: { en: "Sample data", ko: "예제 데이터" },
  meaning: { en: "Search by meaning", ko: "의미로 검색" },
  words: { en: "Words, and hybrid", ko: "단어와 하이브리드" },
  filter: { en: "Filter", ko: "필터" },
  recall: { en: "Recall, proved", ko: "재현율 증명" },
  learn: { en: "Play and learn", ko: "직접 해 보기" },
  map: { en: "See it on a map", ko: "지도로 보기" },
  ask: { en: "Ask a document", ko: "문서에 질문" },
  clean: { en: "Clean up", ko: "정리" },
  done: { en: "done", ko: "완료" },
  back: { en: "Back", ko: "이전" },
  next: { en: "Next: {step}", ko: "다음: {step}" },
  finish: { en: "To your indexes", ko: "인덱스로 가기" },
  keys: { en: "The arrow keys ← → turn the page, too.", ko: "방향키 ← →로도 넘길 수 있습니다." },
  first: { en: "This step needs the sample index.", ko: "이 단계에는 예제 인덱스가 필요합니다." },
  make: { en: "Make it", ko: "만들러 가기" },
});

const SHOWN = {
  start: Start,
  meaning: Meaning,
  words: Words,
  filter: FilterStep,
  recall: Recall,
  learn: Learn,
  map: MapStep,
  ask: AskStep,
  clean: Clean,
} as const;
/** Steps that need no index. */
const FREE: readonly Step[] = ["start", "ask", "clean"];

export function Tour() {
  const [query, change] = useQuery();
  const step = isStep(query.step) ? query.step : progress.value.step;
  const at = STEPS.indexOf(step);
  const [before, after] = [STEPS[at - 1], STEPS[at + 1]];
  const heading = useRef<HTMLHeadingElement>(null);
  const go = (next: Step | undefined, focus = true) => {
    if (!next) return;
    const forward = STEPS.indexOf(next) > at && (FREE.includes(step) ? step !== "start" || ready.value : ready.value);
    remember({ step: next, ...(forward ? { done: [...new Set([...progress.value.done, step])] } : {}) });
    change({ step: next, lesson: undefined, q: undefined });
    if (focus) setTimeout(() => heading.current?.focus());
  };

  useEffect(() => void look(), []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || isBusy(event.target)) return;
      if (event.key === "ArrowRight") go(after);
      if (event.key === "ArrowLeft") go(before);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });

  const Shown = SHOWN[step];
  const waits = !place.value && trouble.value === undefined;
  return (
    <Page title={say("title")}>
      <div class="tour">
        <nav aria-label={say("steps")} class="tour-steps">
          <ol>
            {STEPS.map((one) => (
              <li key={one} class={progress.value.done.includes(one) ? "done" : ""}>
                <a
                  href={withQuery(to.tour(), { step: one })}
                  {...(one === step ? { "aria-current": "step" as const } : {})}
                  onClick={() => remember({ step: one })}
                >
                  {say(one)}
                  {progress.value.done.includes(one) && <span class="hidden-visually">, {say("done")}</span>}
                </a>
              </li>
            ))}
          </ol>
          <p class="soft small tour-keys">{say("keys")}</p>
        </nav>
        <section class="tour-step stack" aria-labelledby="tour-heading">
          <h2 id="tour-heading" ref={heading} tabIndex={-1}>
            {say(step)}
          </h2>
          {trouble.value !== undefined && <Problem error={trouble.value} again={() => void look()} />}
          {waits && <Waiting />}
          {!waits && (FREE.includes(step) || ready.value) && <Shown />}
          {!waits && trouble.value === undefined && !FREE.includes(step) && !ready.value && (
            <p class="notice row spread">
              {say("first")}
              <a class="button primary" href={withQuery(to.tour(), { step: "start" })}>
                {say("make")}
              </a>
            </p>
          )}
          <div class="row spread tour-turn">
            <button type="button" class="button" disabled={!before} onClick={() => go(before)}>
              ← {say("back")}
            </button>
            {after ? (
              <button
                type="button"
                class={`button ${ready.value || step === "ask" ? "primary" : ""}`}
                onClick={() => go(after)}
              >
                {say("next", { step: say(after) })} →
              </button>
            ) : (
              <a class="button" href={to.indexes()}>
                {say("finish")}
              </a>
            )}
          </div>
        </section>
      </div>
    </Page>
  );
}

/** Whether the arrow keys mean something else there. */
function isBusy(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
      target.closest("dialog, pre, [role=tablist], .scroll") !== null)
  );
}
