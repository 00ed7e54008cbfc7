import { fetchSlowQueries, type SlowQuery } from "../../api/proof";
import { moment, number, words } from "../../state/language";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";

const say = words({
  title: { en: "Slow queries of this index", ko: "이 인덱스의 느린 질의" },
  about: {
    en: "Queries beyond the server's setting “slow_query_ms”, newest first, with how they were answered and what would help.",
    ko: "서버 설정 “slow_query_ms”를 넘긴 질의입니다. 최신순이며, 처리 방식과 도움이 될 조치를 함께 보여 줍니다.",
  },
  refresh: { en: "Refresh", ko: "새로 고침" },
  none: { en: "No query was slow since the server started.", ko: "서버가 시작된 뒤로 느린 질의가 없습니다." },
  time: { en: "When", ko: "시각" },
  namespace: { en: "Namespace", ko: "네임스페이스" },
  milliseconds: { en: "ms", ko: "ms" },
  plan: { en: "How it was answered", ko: "처리 방식" },
  advice: { en: "Advice", ko: "조치" },
  scored: {
    en: "{matching} of {records} matched, {candidates} were scored",
    ko: "{records}개 중 {matching}개 일치, {candidates}개 비교",
  },
  usual: { en: "(default)", ko: "(기본)" },
});

export function SlowQueries({ index }: { index: string }) {
  const slow = useCall(fetchSlowQueries, []);
  const shown = slow.answer?.filter((one) => one.index === index) ?? [];
  return (
    <section class="panel stack">
      <div class="row spread">
        <h2>{say("title")}</h2>
        <button type="button" class="button small" onClick={slow.again}>
          {say("refresh")}
        </button>
      </div>
      <p class="soft">{say("about")}</p>
      {slow.error !== undefined && <Problem error={slow.error} again={slow.again} />}
      {!slow.answer && slow.waiting && <Waiting />}
      {slow.answer && shown.length === 0 && <p class="notice">{say("none")}</p>}
      {shown.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div class="tall" tabIndex={0} role="region" aria-label={say("title")}>
          <table class="table">
            <thead>
              <tr>
                <th>{say("time")}</th>
                <th>{say("namespace")}</th>
                <th class="number">{say("milliseconds")}</th>
                <th>{say("plan")}</th>
                <th>{say("advice")}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one, place) => (
                <Row key={`${one.time} ${place}`} query={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ query }: { query: SlowQuery }) {
  const { time, namespace, milliseconds, advice } = query;
  const plan = typeof query.plan === "string" ? { kind: query.plan } : (query.plan ?? {});
  const advised = typeof advice === "string" ? [advice] : (advice ?? []);
  return (
    <tr>
      <td>{moment(time)}</td>
      <td class="data">{namespace || say("usual")}</td>
      <td class="number">{number(milliseconds, 1)}</td>
      <td class="data">
        <strong>{plan.kind ?? "–"}</strong> {plan.reason}
        {plan.records !== undefined && (
          <p class="soft small">
            {say("scored", {
              matching: plan.matching ?? plan.records,
              records: plan.records,
              candidates: plan.candidates ?? 0,
            })}
          </p>
        )}
      </td>
      <td class="data">
        {advised.map((text) => (
          <p key={text}>{text}</p>
        ))}
      </td>
    </tr>
  );
}
