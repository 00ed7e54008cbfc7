import { fetchSlowQueries, type SlowQuery } from "../api/server";
import { to } from "../routes";
import { moment, number, words } from "../state/language";
import { Empty } from "./Empty";
import { Problem } from "./Problem";
import "./slow.css";
import { useCall } from "./useCall";
import { Waiting } from "./Waiting";

const say = words({
  none: { en: "No slow query", ko: "느린 질의가 없습니다" },
  fine: {
    en: "Nothing took longer than the setting slow_query_ms since the server started.",
    ko: "서버를 시작한 뒤로 slow_query_ms 설정보다 오래 걸린 질의가 없습니다.",
  },
  refresh: { en: "Refresh", ko: "새로 고침" },
  took: { en: "{count} ms", ko: "{count}ms" },
  default: { en: "default namespace", ko: "기본 네임스페이스" },
  plan: {
    en: "{matching} of {records} records match, {candidates} scored, {way}",
    ko: "레코드 {records}개 중 {matching}개 일치, {candidates}개 채점, {way}",
  },
  exact: { en: "exactly", ko: "정확 검색" },
  approximate: { en: "approximately", ko: "근사 검색" },
  stages: { en: "Where the time went", ko: "단계별 시간" },
  advice: { en: "What would help", ko: "개선 방법" },
});

interface Props {
  /** Only of this index. */
  readonly index?: string;
  readonly limit?: number;
}

/** The queries that were slow, each with its plan and what would help. */
export function SlowQueries({ index, limit = 100 }: Props) {
  const queries = useCall((signal) => fetchSlowQueries(limit, signal), [limit]);
  const shown = (queries.answer ?? []).filter((one) => index === undefined || one.index === index);
  return (
    <div class="stack tight" aria-live="polite">
      <div class="row">
        <button type="button" class="button small" onClick={queries.again}>
          {say("refresh")}
        </button>
      </div>
      {queries.error !== undefined && <Problem error={queries.error} again={queries.again} />}
      {!queries.answer && queries.waiting && <Waiting />}
      {queries.answer && !shown.length && (
        <Empty title={say("none")}>
          <p>{say("fine")}</p>
        </Empty>
      )}
      {shown.map((query, at) => (
        <One key={`${query.time} ${at}`} query={query} />
      ))}
    </div>
  );
}

function One({ query }: { query: SlowQuery }) {
  const { plan } = query;
  const advice = typeof query.advice === "string" ? [query.advice] : query.advice;
  const way = say(plan.exact ? "exact" : "approximate");
  return (
    <article class="panel slow">
      <header class="row spread">
        <strong>{say("took", { count: number(query.milliseconds, 0) })}</strong>
        <span class="soft small">{moment(query.time)}</span>
      </header>
      <p class="row">
        <a class="data" href={to.index(query.index)}>
          {query.index}
        </a>
        <span class="badge data">{query.namespace || say("default")}</span>
        <span class="badge">{plan.kind}</span>
      </p>
      <p class="small">
        {say("plan", { matching: plan.matching, records: plan.records, candidates: plan.candidates, way })}{" "}
        <span class="soft data">{plan.reason}</span>
      </p>
      <Stages milliseconds={plan.milliseconds ?? {}} />
      {advice.filter(Boolean).length > 0 && (
        <div class="notice">
          <strong class="small">{say("advice")}</strong>
          {advice.filter(Boolean).map((one) => (
            <p key={one} class="data">
              {one}
            </p>
          ))}
        </div>
      )}
    </article>
  );
}

function Stages({ milliseconds }: { milliseconds: Readonly<Record<string, number>> }) {
  const stages = Object.entries(milliseconds);
  const longest = Math.max(...stages.map(([, took]) => took), 1e-9);
  if (!stages.length) return null;
  return (
    <table class="slow-stages small" aria-label={say("stages")}>
      <tbody>
        {stages.map(([stage, took]) => (
          <tr key={stage}>
            <th scope="row">{stage}</th>
            <td>
              <span class="slow-bar" style={{ width: `${(took / longest) * 100}%` }} />
            </td>
            <td class="number">{say("took", { count: number(took, 2) })}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
