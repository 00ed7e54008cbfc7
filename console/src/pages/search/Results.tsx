import { codeOf } from "../../api/code";
import { number, words } from "../../state/language";
import { CodeTabs } from "../../ui/Code";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { lengths, type Move, moves, overlap } from "./compare";
import { HitItem } from "./HitItem";
import { words as wordsOf } from "./highlight";
import { PlanView } from "./PlanView";
import { NoModel, type Run } from "./run";
import type { Side } from "./useSearch";

const say = words({
  results: { en: "Results", ko: "검색 결과" },
  results_a: { en: "Results of A", ko: "A 결과" },
  results_b: { en: "Results of B", ko: "B 결과" },
  found: {
    en: { one: "1 result in {time} ms", other: "{count} results in {time} ms" },
    ko: "결과 {count}개, {time} ms",
  },
  searching: { en: "Searching…", ko: "검색 중…" },
  overlap: { en: "overlap@{k}: {common} of {k}", ko: "overlap@{k}: {k}개 중 {common}개 일치" },
  since: { en: "{moved} of {count} moved since the last search", ko: "지난 검색과 비교해 {count}개 중 {moved}개 변경" },
  nothing: { en: "Nothing was found", ko: "결과가 없습니다" },
  widen: {
    en: "The namespace may be empty, the filter too narrow, or no record holds these words.",
    ko: "네임스페이스가 비어 있거나, 필터가 너무 좁거나, 이 단어가 있는 레코드가 없습니다.",
  },
  start: {
    en: "Search to see results, their scores and the plan",
    ko: "검색하면 결과와 점수, 실행 계획을 보여 줍니다",
  },
  noModel: { en: "No model here makes such vectors.", ko: "이런 벡터를 만드는 모델이 없습니다." },
  code: { en: "This search as code", ko: "이 검색을 코드로 보기" },
  step_embed: { en: "{at}. Embed the text", ko: "{at}. 텍스트 임베딩" },
  step_search: { en: "{at}. Search", ko: "{at}. 검색" },
  step_rerank: { en: "{at}. Rerank", ko: "{at}. 재순위" },
});

interface Props {
  readonly side: "a" | "b";
  readonly of: Side;
  /** What it is compared with, when there are two. */
  readonly other: Side | undefined;
  readonly again: () => void;
}

/** What was found, how, and how to do it in a program. */
export function Results({ side, of, other, again }: Props) {
  const { run, before, error, waiting } = of;
  const title = other ? say(`results_${side}`) : say("results");
  return (
    <section class="search-results stack tight" aria-label={title} aria-busy={waiting}>
      {other && (
        <h2>
          <span class={`search-letter ${side}`}>{side.toUpperCase()}</span> {title}
        </h2>
      )}
      {error instanceof NoModel ? (
        <p class="notice bad" role="alert">
          {say("noModel")}
        </p>
      ) : (
        error !== undefined && <Problem error={error} again={again} />
      )}
      <p class="search-summary" role="status" aria-live="polite">
        {waiting ? say("searching") : run ? summary(run, before, other?.run, side) : ""}
      </p>
      {!run && !waiting && error === undefined && <Empty title={say("start")} />}
      {run && <Found run={run} before={before} other={other?.run} compared={other !== undefined} waiting={waiting} />}
    </section>
  );
}

function Found(props: {
  run: Run;
  before: Run | undefined;
  other: Run | undefined;
  compared: boolean;
  waiting: boolean;
}) {
  const { run, before, other, compared, waiting } = props;
  const { index, wanted, settings } = run.asked;
  const against = compared ? other : before && sameQuery(run, before) ? before : undefined;
  const moved: ReadonlyMap<string, Move> = against ? moves(run.results, against.results) : new Map();
  const bars = lengths(run.results.map(({ score }) => score));
  const marked = settings.by === "vector" || settings.by === "id" ? [] : wordsOf(wanted.text);
  return (
    <>
      {run.plan && <PlanView plan={run.plan} />}
      <CodeOf run={run} />
      {run.results.length === 0 && (
        <Empty title={say("nothing")}>
          <p>{say("widen")}</p>
        </Empty>
      )}
      <ol class={waiting ? "search-hits stale" : "search-hits"}>
        {run.results.map((result, place) => (
          <HitItem
            key={result.id}
            result={result}
            place={place}
            bar={bars[place] ?? 0}
            move={moved.get(result.id)}
            index={index}
            namespace={settings.namespace}
            words={marked}
          />
        ))}
      </ol>
    </>
  );
}

/** Every request that was made for it. */
function CodeOf({ run }: { run: Run }) {
  return (
    <details class="search-code panel">
      <summary>{say("code")}</summary>
      <div class="stack">
        {run.calls.map(({ step, call }, at) => (
          <div key={step + call.path} class="stack tight">
            {run.calls.length > 1 && <h3>{say(`step_${step}`, { at: at + 1 })}</h3>}
            <CodeTabs texts={codeOf(call)} />
          </div>
        ))}
      </div>
    </details>
  );
}

function summary(run: Run, before: Run | undefined, other: Run | undefined, side: "a" | "b"): string {
  const parts = [say("found", { count: run.results.length, time: number(run.milliseconds, 1) })];
  if (other) {
    if (side === "b") parts.push(say("overlap", { ...overlap(other.results, run.results) }));
  } else if (before && sameQuery(run, before)) {
    const changed = [...moves(run.results, before.results).values()].filter((move) => move !== 0).length;
    parts.push(say("since", { moved: changed, count: run.results.length }));
  }
  return parts.join(" · ");
}

/** Whether only settings are different. */
function sameQuery(one: Run, other: Run): boolean {
  const key = ({ asked: { wanted, settings } }: Run) =>
    JSON.stringify([settings.by, wanted.text, wanted.vector, wanted.sparse, settings.by === "id" && settings.id]);
  return key(one) === key(other);
}
