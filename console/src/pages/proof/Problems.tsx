import type { Plan } from "../../api/search";
import { percent, words } from "../../state/language";
import type { Problem, Reading } from "./problems";

const say = words({
  missed: { en: "The contract is not kept", ko: "약속한 재현율을 지키지 못하고 있습니다" },
  missed_advice: {
    en: "Recall is {recall} where {target} was promised. Pinyon raises its effort by itself while queries come in. If ef_search or nprobe is fixed for this index, take it out or raise it; “pinyon tune --index NAME” finds settings that keep the contract.",
    ko: "약속은 {target}인데 재현율이 {recall}입니다. 질의가 들어오는 동안 Pinyon이 탐색량을 스스로 올립니다. 이 인덱스에 ef_search나 nprobe를 고정했다면 빼거나 올리세요. “pinyon tune --index 이름”이 약속을 지키는 설정을 찾아 줍니다.",
  },
  unproven: { en: "The contract is not proven to be kept", ko: "약속을 지킨다고 아직 증명되지 않았습니다" },
  unproven_advice: {
    en: "Recall is {recall} where {target} was promised, but it may be as low as {low}. More queries narrow the interval, and Pinyon raises its effort by itself while it stays below.",
    ko: "약속은 {target}이고 재현율은 {recall}이지만 {low}까지 낮을 수 있습니다. 질의가 쌓이면 구간이 좁아지고, 그래도 낮으면 Pinyon이 탐색량을 스스로 올립니다.",
  },
  falling: { en: "Recall is falling", ko: "재현율이 떨어지고 있습니다" },
  falling_advice: {
    en: "It fell by more than chance explains since this page was opened. Queries may have changed, for example to another model or another topic. Prove it below with such queries, and compare.",
    ko: "이 화면을 연 뒤로 우연이라고 하기에는 크게 떨어졌습니다. 다른 모델이나 다른 주제처럼 질의의 성격이 달라졌을 수 있습니다. 아래에서 그런 질의로 직접 증명해 보고 비교하세요.",
  },
  exhausted: { en: "The effort is exhausted", ko: "탐색량이 한계에 이르렀습니다" },
  exhausted_advice: {
    en: "Every record is scored now, because less did not keep the contract: answers are right, and slow. Another kind of index may do better: “pinyon tune --index NAME” measures them all.",
    ko: "그보다 적은 작업으로는 약속을 지키지 못해 이제 모든 레코드를 비교합니다. 결과는 정확하지만 느립니다. 다른 종류의 인덱스가 나을 수 있으니 “pinyon tune --index 이름”으로 모두 측정해 보세요.",
  },
  laborious: { en: "Searches work hard", ko: "검색에 드는 작업이 많습니다" },
  laborious_advice: {
    en: "The effort is {effort} times what stored vectors needed. Queries may be far from what is stored; a graph with more links, or a lower target, costs less time.",
    ko: "저장된 벡터에 필요했던 양의 {effort}배를 탐색합니다. 질의가 저장된 데이터와 많이 다를 수 있습니다. 링크가 더 많은 그래프를 쓰거나 목표를 낮추면 시간이 줄어듭니다.",
  },
  building: { en: "The index is still being built", ko: "인덱스를 아직 만드는 중입니다" },
  building_advice: {
    en: "Until then searches keep the contract without it, and take longer than they will.",
    ko: "그때까지는 없이도 약속을 지키며 검색하지만, 완성된 뒤보다 느립니다.",
  },
  codeless: { en: "Every record is scored here", ko: "모든 레코드를 비교하고 있습니다" },
  codeless_advice: {
    en: "The codes of this namespace are not built yet, or they were and could not keep the contract. Answers are exact, and their time grows with the records. If it stays so and is too slow, “pinyon tune --index NAME” looks for a better kind.",
    ko: "이 네임스페이스의 코드를 아직 만들지 않았거나, 만들었지만 약속을 지킬 수 없었습니다. 결과는 정확하지만 레코드가 늘수록 느려집니다. 계속 이 상태이고 너무 느리다면 “pinyon tune --index 이름”으로 더 나은 종류를 찾아보세요.",
  },
  shortage: { en: "Memory is short", ko: "메모리가 부족합니다" },
  shortage_advice: {
    en: "Raise the setting “memory” of the server, or choose a kind of index that needs less.",
    ko: "서버 설정 “memory”를 올리거나 메모리를 덜 쓰는 종류의 인덱스를 고르세요.",
  },
  unmeasured: { en: "Recall is an estimate so far", ko: "재현율은 아직 추정값입니다" },
  unmeasured_advice: {
    en: "It is called measured once 200 live queries were checked. Queries that you send below count.",
    ko: "실제 질의 200개를 확인하면 측정값이 됩니다. 아래에서 보내는 질의도 포함됩니다.",
  },
});

const GRAVE: ReadonlySet<Problem> = new Set(["missed", "falling", "exhausted", "shortage"]);

interface Props {
  readonly found: readonly Problem[];
  readonly last: Reading | undefined;
  readonly plan: Plan | undefined;
}

export function Problems({ found, last, plan }: Props) {
  const values = {
    recall: percent(last?.quality.recall ?? 1, 2),
    low: percent(last?.quality.low ?? 0, 2),
    target: percent(last?.quality.target ?? 1, 2),
    effort: last?.quality.effort ?? 1,
  };
  return (
    <div class="problems" aria-live="polite">
      {found.map((one) => (
        <div key={one} class={`notice ${GRAVE.has(one) ? "warn" : ""}`}>
          <p>
            <strong>{say(one)}.</strong>{" "}
            {one === "shortage" && plan?.shortage && <span class="data">{plan.shortage}. </span>}
            {say(`${one}_advice`, values)}
          </p>
        </div>
      ))}
    </div>
  );
}
