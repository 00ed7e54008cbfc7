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
    en: "A model has no meaning for a part number or a code it never met, so it guesses. A search by words finds it exactly, but knows no synonyms. Hybrid asks both and joins their rankings.",
    ko: "모델은 처음 보는 부품 번호나 코드의 뜻을 모르기 때문에 짐작할 뿐입니다. 단어 검색은 그것을 정확히 찾지만 비슷한 말은 모릅니다. 하이브리드는 둘 다에 묻고 순위를 합칩니다.",
  },
  question: { en: "Your search", ko: "검색어" },
  dense: { en: "By meaning", ko: "의미" },
  lexical: { en: "By words", ko: "단어" },
  hybrid: { en: "Hybrid: both", ko: "하이브리드: 함께" },
  denseWhy: { en: "nearest numbers", ko: "가까운 벡터" },
  lexicalWhy: { en: "rare words that match", ko: "일치하는 드문 단어" },
  hybridWhy: { en: "what either puts first", ko: "둘 중 하나라도 앞세운 것" },
  try: {
    en: "Compare “E-4012” with “computer problem”: the first needs words, the second meaning, and the third column serves both.",
    ko: "“E-4012”와 “컴퓨터가 고장 났어요”를 비교해 보세요. 앞의 것은 단어가, 뒤의 것은 의미가 필요하고, 셋째 열은 둘 다 찾습니다.",
  },
});

const EXAMPLES = ["E-4012", "KTX-417", "computer problem", "컴퓨터가 고장 났어요"] as const;
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
      <p class="notice">{say("try")}</p>
      <AsCode call={search({ text, mode: "hybrid", k: K })} />
    </>
  );
}

function Column({ wanted, mode }: { wanted: Wanted; mode: (typeof MODES)[number] }) {
  const asked = useSearch(wanted);
  const has = (text: string | undefined) => Boolean(text?.toLowerCase().includes((wanted.text ?? "").toLowerCase()));
  return (
    <section class="panel" aria-label={say(mode)}>
      <h3>{say(mode)}</h3>
      <p class="soft small">{say(`${mode}Why`)}</p>
      <Hits asked={asked} label={say(mode)} marked={({ fields }) => has(fields.text)} />
    </section>
  );
}
