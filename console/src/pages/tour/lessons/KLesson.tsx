import { useState } from "preact/hooks";
import { number, percent, words } from "../../../state/language";
import { AsCode } from "../../../ui/AsCode";
import { Problem } from "../../../ui/Problem";
import { Waiting } from "../../../ui/Waiting";
import { search } from "../calls";
import { Slider } from "../Slider";
import { useSearch } from "../useSearch";
import { useSettled } from "../useSettled";

const say = words({
  what: {
    en: "k (top_k) is how many results you get, however far they are. “{text}” is about one topic of twenty: ten texts. See what comes after them.",
    ko: "k(top_k)는 결과의 개수입니다. 아무리 멀어도 그만큼 돌려줍니다. “{text}”에 해당하는 주제의 글은 10개뿐입니다. 그다음에 무엇이 나오는지 보세요.",
  },
  k: { en: "k, results asked for", ko: "k(요청한 결과 수)" },
  squares: {
    en: "Results in order; filled: of the topic “{topic}”",
    ko: "순서대로 표시한 결과입니다. 채워진 칸은 주제가 “{topic}”인 글입니다.",
  },
  told: {
    en: "{on} of {k} results are about it ({share}), and {on} of its {all} texts are found. The score falls from {high} to {low}.",
    ko: "결과 {k}개 중 {on}개({share})가 이 주제이고, 이 주제의 글 {all}개 중 {on}개를 찾았습니다. 점수는 {high}에서 {low}까지 떨어집니다.",
  },
  lesson: {
    en: "Small k: few, good results. Large k: you miss less, and get more that does not belong. Ask for what you will show or hand to a model, rarely more than 20.",
    ko: "k가 작으면 적지만 좋은 결과를, k가 크면 덜 놓치는 대신 상관없는 결과를 더 얻습니다. 실제로 보여 주거나 모델에 넘길 만큼만 요청하세요. 20개를 넘을 일은 드뭅니다.",
  },
});

const TEXT = "sleeping well at night";
const TOPIC = "sleep";
const ALL = 10;

export function KLesson() {
  const [k, setK] = useState(10);
  const wanted = { text: TEXT, k: useSettled(k, 150) };
  const asked = useSearch(wanted);
  const hits = asked.answer?.result.hits ?? [];
  const on = hits.filter(({ fields }) => fields.topic === TOPIC).length;
  return (
    <>
      <p>{say("what", { text: TEXT })}</p>
      <Slider label={say("k")} value={k} min={1} max={60} written={number(k)} onInput={setK} />
      {asked.error !== undefined && <Problem error={asked.error} again={asked.again} />}
      {!asked.answer && asked.waiting && <Waiting />}
      {hits.length > 0 && (
        <div aria-live="polite" class="stack tight">
          <ol class="tour-squares" aria-hidden="true">
            {hits.map((hit) => (
              <li key={hit._id} class={hit.fields.topic === TOPIC ? "on" : ""} title={hit.fields.text} />
            ))}
          </ol>
          <p class="soft small">{say("squares", { topic: TOPIC })}</p>
          <p>
            <strong>
              {say("told", {
                on,
                k: hits.length,
                share: percent(on / hits.length, 0),
                all: ALL,
                high: number(hits[0]?._score ?? 0, 2),
                low: number(hits.at(-1)?._score ?? 0, 2),
              })}
            </strong>
          </p>
        </div>
      )}
      <p class="notice">{say("lesson")}</p>
      <AsCode call={search(wanted)} />
    </>
  );
}
