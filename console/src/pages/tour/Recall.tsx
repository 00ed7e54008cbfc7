import { send } from "../../api/client";
import { of } from "../../api/indexes";
import { to } from "../../routes";
import { number, percent, words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { type Found, INDEX, search } from "./calls";

const say = words({
  what: {
    en: "A fast vector search may miss a record that truly belongs among the nearest. How often it does not is its recall. Pinyon lets you check: here, {count} searches are done twice, the usual way and exactly, and compared.",
    ko: "빠른 벡터 검색은 가장 가까운 레코드를 놓칠 수 있습니다. 놓치지 않는 비율이 재현율입니다. Pinyon에서는 직접 확인할 수 있습니다. 여기서는 검색 {count}번을 평소 방식과 정확한 방식으로 각각 실행해 비교합니다.",
  },
  recall: { en: "Recall of the first {k}: {recall}", ko: "상위 {k}개의 재현율: {recall}" },
  same: {
    en: "{same} of {all} records that the exact searches found were found the usual way, too.",
    ko: "정확 검색이 찾은 레코드 {all}개 중 {same}개를 평소 방식으로도 찾았습니다.",
  },
  why: {
    en: "Why is it perfect? The plan says “{kind}” ({reason}): with so few records the server scores every one of them, so that nothing can be missed. From some thousand records on it proposes candidates by compressed codes and checks them with the stored vectors; then it repeats a part of live queries exactly, and works harder when recall falls below the promise of 99%.",
    ko: "왜 완벽할까요? 실행 계획은 “{kind}”({reason})입니다. 레코드가 적으면 서버가 모두 채점하므로 놓칠 것이 없습니다. 수천 개가 넘으면 압축된 코드로 후보를 고르고 저장된 벡터로 다시 확인합니다. 그때부터는 실제 질의 일부를 정확하게 반복해 보고, 재현율이 약속한 99%보다 낮아지면 더 많이 찾습니다.",
  },
  whyPlain: {
    en: "With so few records the server scores every one of them, so that nothing can be missed.",
    ko: "레코드가 적으면 서버가 모두 채점하므로 놓칠 것이 없습니다.",
  },
  play: {
    en: "The next step lets you make a search miss on purpose.",
    ko: "다음 단계에서는 일부러 놓치게 만들어 볼 수 있습니다.",
  },
  proof: { en: "The Proof page of this index", ko: "이 인덱스의 품질 증명 화면" },
  again: { en: "Check again", ko: "다시 확인" },
  question: { en: "Searched for", ko: "검색한 글" },
  found: { en: "Found of {k}", ko: "{k}개 중 찾은 수" },
  table: { en: "Each search", ko: "검색별 결과" },
});

const K = 10;
const COUNT = 20;

interface Checked {
  readonly text: string;
  readonly same: number;
  readonly all: number;
}

interface Proof {
  readonly rows: readonly Checked[];
  readonly usual: Found | undefined;
}

/** Every search is done twice, one after the other: it is the answer that counts, not the speed. */
async function prove(signal: AbortSignal): Promise<Proof> {
  const listed = await send<{ vectors: readonly { id: string }[] }>(
    { method: "GET", path: of(INDEX, "/vectors/list"), query: { limit: 100 } },
    signal,
  );
  const step = Math.max(1, Math.floor(listed.vectors.length / COUNT));
  const ids = listed.vectors.filter((_one, at) => at % step === 0).slice(0, COUNT);
  const rows: Checked[] = [];
  let usual: Found | undefined;
  for (const { id } of ids) {
    usual = await send<Found>(search({ id, k: K }), signal);
    const exact = await send<Found>(search({ id, k: K, exact: true }), signal);
    const found = new Set(usual.result.hits.map(({ _id }) => _id));
    rows.push({
      text: exact.result.hits.find(({ _id }) => _id === id)?.fields.text ?? id,
      same: exact.result.hits.filter(({ _id }) => found.has(_id)).length,
      all: exact.result.hits.length,
    });
  }
  return { rows, usual };
}

export function Recall() {
  const proof = useCall(prove, []);
  const rows = proof.answer?.rows ?? [];
  const same = rows.reduce((total, row) => total + row.same, 0);
  const all = rows.reduce((total, row) => total + row.all, 0);
  const plan = proof.answer?.usual?.plan;
  return (
    <>
      <p>{say("what", { count: COUNT })}</p>
      {proof.error !== undefined && <Problem error={proof.error} again={proof.again} />}
      {!proof.answer && proof.waiting && <Waiting />}
      {rows.length > 0 && (
        <div class="panel stack tight" aria-live="polite">
          <p class="tour-figure">{say("recall", { k: K, recall: percent(all ? same / all : 1, 2) })}</p>
          <div class="tour-ticks" aria-hidden="true">
            {rows.map((row, at) => (
              <span key={at} class={row.same === row.all ? "good" : "bad"} />
            ))}
          </div>
          <p>{say("same", { same, all })}</p>
          <details>
            <summary class="soft small">{say("table")}</summary>
            <table class="table small">
              <thead>
                <tr>
                  <th>{say("question")}</th>
                  <th class="number">{say("found", { k: K })}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.text}>
                    <td class="data">{row.text}</td>
                    <td class="number">{number(row.same)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
          <p class="row">
            <button type="button" class="button small" disabled={proof.waiting} onClick={proof.again}>
              {say("again")}
            </button>
            <a class="button small" href={to.proof(INDEX)}>
              {say("proof")}
            </a>
          </p>
        </div>
      )}
      {rows.length > 0 && (
        <p>
          {plan ? say("why", { kind: plan.kind, reason: plan.reason }) : say("whyPlain")} {say("play")}
        </p>
      )}
      <AsCode call={search({ id: "en-001", k: K, exact: true })} />
    </>
  );
}
