import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { AsCode } from "../../ui/AsCode";
import { TextField } from "../../ui/Field";
import { search, type Wanted } from "./calls";
import { Examples } from "./Examples";
import { Hits } from "./Hits";
import { useSearch } from "./useSearch";
import { useSettled } from "./useSettled";

const say = words({
  what: {
    en: "A model may not know a rare word, a name or a code; then it guesses. A search by words finds exactly that, but knows no synonyms. Hybrid asks both and joins what they say.",
    ko: "모델은 드문 낱말이나 이름, 코드를 모를 수 있고, 그럴 때는 짐작합니다. 단어 검색은 바로 그것을 정확히 찾지만 비슷한 말은 모릅니다. 하이브리드는 둘 다에 묻고 결과를 합칩니다.",
  },
  slow: {
    en: "The first search by words reads a dictionary of Korean; that may take some seconds.",
    ko: "첫 단어 검색은 한국어 사전을 읽느라 몇 초 걸릴 수 있습니다.",
  },
  question: { en: "Your search", ko: "검색어" },
  dense: { en: "By meaning", ko: "의미" },
  lexical: { en: "By words", ko: "단어" },
  hybrid: { en: "Hybrid: both", ko: "하이브리드: 함께" },
  denseWhy: { en: "nearest numbers", ko: "가까운 벡터" },
  lexicalWhy: { en: "rare words that match", ko: "일치하는 드문 단어" },
  hybridWhy: { en: "what either puts first", ko: "둘 중 하나라도 앞세운 것" },
  try: {
    en: "“해녀” (the diving women of the islands) needs words: the model guesses wrong. “computer problem” needs meaning: no text has those words. And no way is always right: in “a place to borrow books”, the word leads to booking a mountain hut.",
    ko: "“해녀”는 단어가 필요합니다. 모델은 엉뚱한 글을 짐작합니다. “computer problem”은 의미가 필요합니다. 그 단어가 든 글이 없습니다. 언제나 옳은 방법은 없습니다. “a place to borrow books”에서는 book이라는 단어가 산장 예약으로 이끕니다.",
  },
});

const EXAMPLES = ["해녀", "computer problem", "a place to borrow books", "E-4012"] as const;
const MODES = ["dense", "lexical", "hybrid"] as const;
const K = 4;

export function Words() {
  const [{ q = EXAMPLES[0] }, change] = useQuery();
  const text = useSettled(q);
  return (
    <>
      <p>{say("what")}</p>
      <TextField label={say("question")} type="search" value={q} onInput={(q) => change({ q })} />
      <Examples texts={EXAMPLES} chosen={q} onChoose={(q) => change({ q })} />
      <div class="tour-columns">
        {MODES.map((mode) => (
          <Column key={mode} wanted={{ text, mode, k: K }} mode={mode} />
        ))}
      </div>
      <p class="soft small">{say("slow")}</p>
      <p class="notice">{say("try")}</p>
      <AsCode call={search({ text, mode: "hybrid", k: K })} />
    </>
  );
}

function Column({ wanted, mode }: { wanted: Wanted; mode: (typeof MODES)[number] }) {
  const asked = useSearch(wanted);
  return (
    <section class="panel" aria-label={say(mode)}>
      <h3>{say(mode)}</h3>
      <p class="soft small">{say(`${mode}Why`)}</p>
      <Hits asked={asked} label={say(mode)} find={wanted.text ?? ""} />
    </section>
  );
}
