import { useState } from "preact/hooks";
import { number, percent, words } from "../../../state/language";
import { AsCode } from "../../../ui/AsCode";
import { search } from "../calls";
import { Hits } from "../Hits";
import { Slider } from "../Slider";
import { useSearch } from "../useSearch";
import { useSettled } from "../useSettled";

const say = words({
  what: {
    en: "A filter can be applied before the search, as here, or afterwards, as some systems do it. Let only recent texts through, and compare what is left of the best {k}.",
    ko: "필터는 여기서처럼 검색 전에 적용할 수도 있고, 일부 시스템처럼 검색한 뒤에 적용할 수도 있습니다. 최근 글만 남기면서, 상위 {k}개 중 몇 개가 남는지 비교해 보세요.",
  },
  from: { en: "Year, at least", ko: "연도(이상)" },
  before: { en: "Filtered first: {count} results", ko: "먼저 걸러 낸 결과: {count}개" },
  after: { en: "Filtered afterwards: {count} of {k} would be left", ko: "나중에 걸러 내면: {k}개 중 {count}개만 남음" },
  keeps: {
    en: "The filter keeps {matching} of {records} records ({share}).",
    ko: "필터에 맞는 레코드는 {records}개 중 {matching}개({share})입니다.",
  },
  lesson: {
    en: "Filtering afterwards leaves you with too few, or none, exactly when the filter is narrow. Pinyon evaluates the filter first and knows how many records match; it then chooses how to search those.",
    ko: "나중에 걸러 내면 필터가 좁을수록 결과가 모자라거나 없어집니다. Pinyon은 필터를 먼저 평가해 일치하는 레코드 수를 알아낸 다음, 그 안에서 어떻게 검색할지 고릅니다.",
  },
});

const K = 6;
const TEXT = "the sea and the weather";

export function FilterLesson() {
  const [year, setYear] = useState(2012);
  const from = useSettled(year, 150);
  const wanted = { text: TEXT, k: K, filter: { year: { $gte: from } } };
  const asked = useSearch(wanted);
  const all = useSearch({ text: TEXT, k: K });
  const left = (all.answer?.result.hits ?? []).filter(({ fields }) => (fields.year ?? 0) >= from);
  const plan = asked.answer?.plan;
  return (
    <>
      <p>{say("what", { k: K })}</p>
      <Slider label={say("from")} value={year} min={2000} max={2024} written={String(year)} onInput={setYear} />
      {plan && (
        <p aria-live="polite">
          {say("keeps", {
            matching: plan.matching,
            records: plan.records,
            share: percent(plan.matching / Math.max(1, plan.records)),
          })}
        </p>
      )}
      <div class="tour-columns two">
        <section class="panel">
          <h3>{say("before", { count: asked.answer?.result.hits.length ?? 0 })}</h3>
          <Hits asked={asked} />
        </section>
        <section class="panel">
          <h3>{say("after", { count: left.length, k: number(K) })}</h3>
          <Hits asked={{ ...all, answer: all.answer && { ...all.answer, result: { hits: left } } }} />
        </section>
      </div>
      <p class="notice">{say("lesson")}</p>
      <AsCode call={search(wanted)} />
    </>
  );
}
