import { useMemo, useState } from "preact/hooks";
import { number, words } from "../../../state/language";
import { Slider } from "../Slider";
import type { Text } from "../vectors";
import { longer, METRICS, ranked, score } from "./metrics";

const say = words({
  what: {
    en: "The metric says what “near” is. These columns rank the real vectors of the sample texts around “{text}”, in your browser. Now make one vector longer, without turning it:",
    ko: "거리 척도는 무엇이 “가까운지” 정합니다. 아래 열은 예제 글의 실제 벡터를 “{text}”에 가까운 순서로, 브라우저에서 계산한 것입니다. 벡터 하나를 방향은 그대로 두고 길게 늘여 보세요.",
  },
  length: { en: "Length of the marked text’s vector", ko: "표시된 글의 벡터 길이" },
  times: { en: "{times} times", ko: "{times}배" },
  cosine: { en: "cosine", ko: "코사인" },
  dotproduct: { en: "dot product", ko: "내적" },
  euclidean: { en: "euclidean", ko: "유클리드" },
  cosineWhy: { en: "the angle only: length does not matter", ko: "각도만 봅니다. 길이는 상관없습니다" },
  dotproductWhy: { en: "angle times length: long vectors win", ko: "각도와 길이의 곱. 긴 벡터가 앞섭니다" },
  euclideanWhy: {
    en: "distance between the tips: long vectors drift away",
    ko: "끝점 사이의 거리. 긴 벡터는 멀어집니다",
  },
  place: { en: "the marked text: place {place}", ko: "표시된 글: {place}위" },
  lesson: {
    en: "Text models are trained for cosine; when all vectors have length 1, the three agree on the order. Use the dot product when length means something (popularity, sparse weights), euclidean for measured quantities.",
    ko: "글 모델은 코사인에 맞춰 학습합니다. 모든 벡터의 길이가 1이면 세 척도의 순서가 같습니다. 길이에 뜻이 있을 때(인기도, 희소 가중치)는 내적을, 측정값에는 유클리드 거리를 쓰세요.",
  },
});

const SHOWN = 5;
const MARKED = 7;

export function MetricLesson({ texts }: { texts: readonly Text[] }) {
  const [times, setTimes] = useState(1);
  const query = texts.find(({ topic, language }) => topic === "sea" && language === "en") ?? texts[0];
  const others = useMemo(() => texts.filter((one) => one !== query), [texts, query]);
  const plain = useMemo(
    () =>
      query
        ? ranked(
            "cosine",
            query.vector,
            others.map(({ vector }) => vector),
          )
        : [],
    [others, query],
  );
  if (!query) return null;
  const marked = plain[Math.min(MARKED, plain.length - 1)];
  const vectors = others.map(({ vector }, row) => (row === marked ? longer(vector, times) : vector));
  return (
    <>
      <p>{say("what", { text: query.text })}</p>
      <Slider
        label={say("length")}
        value={times}
        min={0.5}
        max={3}
        step={0.1}
        written={say("times", { times: number(times, 1) })}
        onInput={setTimes}
      />
      <div class="tour-columns" aria-live="polite">
        {METRICS.map((metric) => {
          const order = ranked(metric, query.vector, vectors);
          const at = marked === undefined ? -1 : order.indexOf(marked);
          const shown = [...new Set([...order.slice(0, SHOWN), ...(marked === undefined ? [] : [marked])])];
          return (
            <section key={metric} class="panel" aria-label={say(metric)}>
              <h3>{say(metric)}</h3>
              <p class="soft small">{say(`${metric}Why`)}</p>
              <ol class="tour-ranks">
                {shown.map((row) => (
                  <li key={row} class={row === marked ? "marked" : ""} value={order.indexOf(row) + 1}>
                    <span class="data">{others[row]?.text}</span>{" "}
                    <span class="soft small">
                      {number(Math.abs(score(metric, query.vector, vectors[row] ?? query.vector)), 2)}
                    </span>
                  </li>
                ))}
              </ol>
              <p class="small">
                <strong>{say("place", { place: at + 1 })}</strong>
              </p>
            </section>
          );
        })}
      </div>
      <p class="notice">{say("lesson")}</p>
    </>
  );
}
