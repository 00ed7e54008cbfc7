import { percent, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { AsCode } from "../../ui/AsCode";
import { SelectField, TextField } from "../../ui/Field";
import { search } from "./calls";
import { Hits } from "./Hits";
import { Slider } from "./Slider";
import { TOPICS } from "./topics";
import { useSearch } from "./useSearch";
import { useSettled } from "./useSettled";

const say = words({
  what: {
    en: "Every text has metadata: topic, language, year and length. A filter decides which records may be found at all; it is evaluated first, so that you get as many results as you asked for as long as enough records match.",
    ko: "글마다 주제, 언어, 연도, 길이가 메타데이터로 붙어 있습니다. 필터는 찾을 수 있는 레코드를 먼저 정합니다. 그래서 일치하는 레코드가 충분하면 요청한 개수만큼 결과를 얻습니다.",
  },
  question: { en: "Your search", ko: "검색어" },
  language: { en: "Language", ko: "언어" },
  topic: { en: "Topic", ko: "주제" },
  year: { en: "Year, at least", ko: "연도(이상)" },
  any: { en: "Any", ko: "모두" },
  keeps: {
    en: "The filter keeps {matching} of {records} records ({share}).",
    ko: "필터에 맞는 레코드는 {records}개 중 {matching}개({share})입니다.",
  },
  none: {
    en: "No filter: all {records} records may be found.",
    ko: "필터 없음: 레코드 {records}개가 모두 대상입니다.",
  },
});

const K = 5;
const [FIRST, LAST] = [2000, 2024];

export function FilterStep() {
  const [{ q = "a warm meal", language = "ko", topic = "", year = String(FIRST) }, change] = useQuery();
  const text = useSettled(q);
  const from = useSettled(Number(year), 120);
  const filter = {
    ...(language !== "any" ? { language: { $eq: language } } : {}),
    ...(topic ? { topic: { $eq: topic } } : {}),
    ...(from > FIRST ? { year: { $gte: from } } : {}),
  };
  const wanted = { text, k: K, filter };
  const asked = useSearch(wanted);
  const plan = asked.answer?.plan;
  const share = plan ? plan.matching / Math.max(1, plan.records) : null;
  return (
    <>
      <p>{say("what")}</p>
      <TextField label={say("question")} type="search" value={q} onInput={(q) => change({ q })} />
      <div class="tour-fields">
        <SelectField
          label={say("language")}
          value={language}
          options={[
            ["any", say("any")],
            ["en", "English"],
            ["ko", "한국어"],
          ]}
          onInput={(language) => change({ language })}
        />
        <SelectField
          label={say("topic")}
          value={topic}
          options={[["", say("any")], ...TOPICS.map((one) => [one, one] as const)]}
          onInput={(topic) => change({ topic })}
        />
        <Slider
          label={say("year")}
          value={Number(year)}
          min={FIRST}
          max={LAST}
          written={year}
          onInput={(year) => change({ year: String(year) })}
        />
      </div>
      {plan && share !== null && (
        <div aria-live="polite">
          <p>
            <strong>
              {Object.keys(filter).length
                ? say("keeps", { matching: plan.matching, records: plan.records, share: percent(share) })
                : say("none", { records: plan.records })}
            </strong>
          </p>
          <div class="meter" aria-hidden="true">
            <span style={{ width: `${share * 100}%` }} />
          </div>
        </div>
      )}
      <Hits asked={asked} />
      <AsCode call={search(wanted)} open />
    </>
  );
}
