import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { EfLesson } from "./lessons/EfLesson";
import { FilterLesson } from "./lessons/FilterLesson";
import { KLesson } from "./lessons/KLesson";
import { MetricLesson } from "./lessons/MetricLesson";
import { fetchTexts, type Text } from "./vectors";

const say = words({
  what: {
    en: "Four short lessons on the sample data. Drag the sliders, or use the arrow keys on them.",
    ko: "예제 데이터로 해 보는 짧은 학습 네 가지입니다. 슬라이더를 끌거나, 선택한 뒤 방향키로 움직이세요.",
  },
  lessons: { en: "Lessons", ko: "학습" },
  k: { en: "k", ko: "k" },
  metric: { en: "Metric", ko: "거리 척도" },
  ef: { en: "ef_search", ko: "ef_search" },
  filter: { en: "Filter", ko: "필터" },
});

const LESSONS = ["k", "metric", "ef", "filter"] as const;

export function Learn() {
  const [query] = useQuery();
  const lesson = LESSONS.find((one) => one === query.lesson) ?? "k";
  const texts = useCall(fetchTexts, []);
  return (
    <>
      <p>{say("what")}</p>
      <nav class="tabs" aria-label={say("lessons")}>
        {LESSONS.map((one) => (
          <a
            key={one}
            href={withQuery(to.tour(), { step: "learn", lesson: one })}
            {...(one === lesson ? { "aria-current": "page" as const } : {})}
          >
            {say(one)}
          </a>
        ))}
      </nav>
      {lesson === "k" && <KLesson />}
      {lesson === "filter" && <FilterLesson />}
      {(lesson === "metric" || lesson === "ef") && (
        <>
          {texts.error !== undefined && <Problem error={texts.error} again={texts.again} />}
          {!texts.answer && texts.waiting && <Waiting />}
          {texts.answer && <Reckoned lesson={lesson} texts={texts.answer} />}
        </>
      )}
    </>
  );
}

function Reckoned({ lesson, texts }: { lesson: "metric" | "ef"; texts: readonly Text[] }) {
  return lesson === "metric" ? <MetricLesson texts={texts} /> : <EfLesson texts={texts} />;
}
