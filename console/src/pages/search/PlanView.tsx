import type { Plan } from "../../api/search";
import { number, percent, words } from "../../state/language";
import { type Stage, stages, total } from "./plan";

const say = words({
  title: { en: "Plan", ko: "실행 계획" },
  exact: { en: "exact", ko: "정확" },
  approximate: { en: "approximate", ko: "근사" },
  counted: {
    en: "{matching} of {records} records match, {candidates} were scored.",
    ko: "레코드 {records}개 중 {matching}개가 조건에 맞고, {candidates}개를 채점했습니다.",
  },
  recall: { en: "Recall {recall}", ko: "재현율 {recall}" },
  between: { en: "{low} to {high} with 95 % confidence", ko: "95% 신뢰구간 {low}~{high}" },
  measured: { en: "measured on live queries", ko: "실제 쿼리로 측정" },
  estimate: { en: "estimated", ko: "추정" },
  effort: { en: "{effort} times the usual effort", ko: "평소의 {effort}배 탐색" },
  fusion: { en: "Scores joined: {how}", ko: "점수 결합: {how}" },
  stages: { en: "Time by stage", ko: "단계별 시간" },
  total: { en: "{total} ms in the index", ko: "인덱스에서 {total} ms" },
  stage: { en: "{name} {time} ms, {share}", ko: "{name} {time} ms, {share}" },
  catch_up: { en: "catch up with writes", ko: "최신 쓰기 반영" },
  filter: { en: "filter", ko: "필터" },
  search: { en: "search", ko: "탐색" },
  fetch: { en: "fetch records", ko: "레코드 읽기" },
  kind_exact: { en: "Every record is compared", ko: "모든 레코드와 비교" },
  kind_gather: { en: "Just the records that match are compared", ko: "조건에 맞는 레코드만 비교" },
  kind_scan: {
    en: "Codes of all records, then the stored vectors of the best",
    ko: "전체 코드로 후보를 고른 뒤 저장된 벡터로 비교",
  },
  kind_ivf: {
    en: "Codes of some clusters, then the stored vectors of the best",
    ko: "일부 클러스터의 코드로 후보를 고른 뒤 저장된 벡터로 비교",
  },
  kind_hnsw: { en: "A graph is walked (hnsw)", ko: "그래프 탐색 (hnsw)" },
  kind_symqg: { en: "A graph is walked (symqg)", ko: "그래프 탐색 (symqg)" },
  kind_sparse: { en: "Postings of the query's terms", ko: "쿼리 단어의 역색인 탐색" },
  kind_hybrid: { en: "Two scores for each record", ko: "레코드마다 두 가지 점수" },
  kind_text: { en: "Records that hold the words (BM25)", ko: "단어가 있는 레코드 (BM25)" },
  kind_empty: { en: "There is nothing to search", ko: "검색할 레코드 없음" },
});

const KINDS = ["exact", "gather", "scan", "ivf", "hnsw", "symqg", "sparse", "hybrid", "text", "empty"] as const;
const STAGES = { "catch up": "catch_up", filter: "filter", search: "search", fetch: "fetch" } as const;

/** How a search was answered, as a bar of its stages and in words. */
export function PlanView({ plan }: { plan: Plan }) {
  const drawn = stages(plan);
  const kind = KINDS.find((one) => one === plan.kind);
  return (
    <details class="search-plan panel" open>
      <summary>
        <strong>{say("title")}</strong> <code>{plan.kind}</code>
        {plan.kind !== "exact" && (
          <span class={plan.exact ? "badge good" : "badge"}>{say(plan.exact ? "exact" : "approximate")}</span>
        )}
        <span class="soft small">{say("total", { total: number(total(plan), 2) })}</span>
      </summary>
      <div class="stack tight">
        {drawn.length > 0 && <Stages drawn={drawn} />}
        <p class="small">
          {kind && `${say(`kind_${kind}`)}. `}
          {say("counted", { matching: plan.matching, records: plan.records, candidates: plan.candidates })}
          {plan.recall !== null && !plan.exact && ` ${recall(plan)}.`}
        </p>
        {(plan.reason || plan.fusion) && (
          <p class="data soft small">
            {plan.reason}
            {plan.fusion && ` (${say("fusion", { how: fusion(plan.fusion) })})`}
          </p>
        )}
        {plan.shortage && <p class="notice warn data small">{plan.shortage}</p>}
      </div>
    </details>
  );
}

function Stages({ drawn }: { drawn: readonly Stage[] }) {
  return (
    <figure class="search-stages" aria-label={say("stages")}>
      <div class="search-bar" aria-hidden="true">
        {drawn.map((stage) => (
          <span
            key={stage.name}
            style={{ flexGrow: stage.share, background: `var(--series-${stage.colour})` }}
            title={named(stage.name)}
          />
        ))}
      </div>
      <ul class="search-legend small">
        {drawn.map((stage) => (
          <li key={stage.name}>
            <span class="search-swatch" aria-hidden="true" style={{ background: `var(--series-${stage.colour})` }} />
            {say("stage", {
              name: named(stage.name),
              time: number(stage.milliseconds, 3),
              share: percent(stage.share, 0),
            })}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function named(stage: string): string {
  return stage in STAGES ? say(STAGES[stage as keyof typeof STAGES]) : stage;
}

function recall({ recall, low, high, label, effort }: Plan): string {
  const parts = [say("recall", { recall: percent(recall ?? 0, 2) })];
  if (low !== null && high !== null) parts.push(say("between", { low: percent(low, 2), high: percent(high, 2) }));
  if (label === "measured" || label === "estimate") parts.push(say(label));
  if (effort !== 1) parts.push(say("effort", { effort: number(effort, 2) }));
  return parts.join(", ");
}

function fusion(given: Readonly<Record<string, number | string>>): string {
  return Object.entries(given)
    .map(([name, value]) =>
      name === "method" ? value : `${name} ${typeof value === "number" ? number(value) : value}`,
    )
    .join(", ");
}
