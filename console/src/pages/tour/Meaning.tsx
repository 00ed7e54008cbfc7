import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { AsCode } from "../../ui/AsCode";
import { TextField } from "../../ui/Field";
import { search } from "./calls";
import { Examples } from "./Examples";
import { Hits } from "./Hits";
import { useSearch } from "./useSearch";
import { useSettled } from "./useSettled";

const say = words({
  what: {
    en: "The model turns your question into 1,024 numbers, as it did with every text, and the index finds the texts whose numbers point the same way. No word needs to be shared, not even the language.",
    ko: "모델은 글을 저장할 때와 마찬가지로 질문을 1,024개의 숫자로 바꾸고, 인덱스는 방향이 가장 비슷한 글을 찾습니다. 같은 단어가 없어도 되고, 언어가 달라도 됩니다.",
  },
  question: { en: "Your question, in English or Korean", ko: "영어나 한국어로 질문하세요" },
  both: {
    en: "{other} of {count} results are not in the language of the question.",
    ko: "결과 {count}개 중 {other}개가 질문과 다른 언어입니다.",
  },
});

const EXAMPLES = [
  "something warm to eat when it is cold",
  "잠이 안 올 때",
  "stars and planets",
  "돈을 아끼는 방법",
  "pets waiting for their people",
] as const;
const K = 6;

export function Meaning() {
  const [{ q = EXAMPLES[0] }, change] = useQuery();
  const text = useSettled(q);
  const wanted = { text, k: K };
  const asked = useSearch(wanted);
  const hits = asked.answer?.result.hits ?? [];
  const language = /[가-힣]/.test(text) ? "ko" : "en";
  const other = hits.filter(({ fields }) => fields.language && fields.language !== language).length;
  return (
    <>
      <p>{say("what")}</p>
      <TextField label={say("question")} type="search" value={q} onInput={(q) => change({ q })} />
      <Examples texts={EXAMPLES} chosen={q} onChoose={(q) => change({ q })} />
      <Hits asked={asked} />
      {hits.length > 0 && <p class="notice">{say("both", { other, count: hits.length })}</p>}
      <AsCode call={search(wanted)} />
    </>
  );
}
