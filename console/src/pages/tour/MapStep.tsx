import { useState } from "preact/hooks";
import { type Call, send } from "../../api/client";
import { of } from "../../api/indexes";
import { to } from "../../routes";
import { percent, words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { SelectField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { INDEX } from "./calls";
import { apart, pairsOf } from "./pairs";
import { TOPICS } from "./topics";

const say = words({
  what: {
    en: "1,024 numbers do not fit on a screen, so the map keeps the two directions in which the texts differ most. A line joins each text of the topic with its translation.",
    ko: "숫자 1,024개를 화면에 다 보여 줄 수는 없으므로, 지도는 글이 가장 많이 달라지는 두 방향만 남깁니다. 선은 고른 주제의 글과 그 번역을 잇습니다.",
  },
  apart: {
    en: "A text and its translation lie {pairs} of the width of the map apart, any two texts {any} (medians).",
    ko: "글과 번역 사이의 거리는 지도 너비의 {pairs}, 아무 글이나 두 개 사이의 거리는 {any}입니다(중앙값).",
  },
  topic: { en: "Show the topic", ko: "표시할 주제" },
  picture: { en: "Map of the sample texts", ko: "예제 글의 지도" },
  explained: {
    en: "The two directions tell {share} of all the differences: nearness here is a hint, not a proof.",
    ko: "두 방향은 전체 차이의 {share}만 나타냅니다. 지도에서 가까운 것은 단서일 뿐 증거는 아닙니다.",
  },
  open: { en: "Open the whole map", ko: "전체 지도 열기" },
  english: { en: "English", ko: "영어" },
  korean: { en: "Korean", ko: "한국어" },
  rest: { en: "other topics", ko: "다른 주제" },
});

interface Answer {
  readonly ids: readonly string[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly values: readonly unknown[] | null;
  readonly explained: readonly number[] | null;
}

const CALL: Call = {
  method: "POST",
  path: of(INDEX, "/pinyon/map"),
  body: { namespace: "", method: "pca", colour: "topic" },
};
const [WIDTH, HEIGHT] = [720, 420];

export function MapStep() {
  const [topic, setTopic] = useState<string>("food");
  const map = useCall((signal) => send<Answer>(CALL, signal), []);
  const shares = map.answer?.explained;
  return (
    <>
      <p>{say("what")}</p>
      <SelectField
        label={say("topic")}
        value={topic}
        options={TOPICS.map((one) => [one, one] as const)}
        onInput={setTopic}
      />
      {map.error !== undefined && <Problem error={map.error} again={map.again} />}
      {!map.answer && map.waiting && <Waiting />}
      {map.answer && <Picture map={map.answer} topic={topic} />}
      {map.answer && (
        <p>
          <strong>{say("apart", distances(map.answer))}</strong>
        </p>
      )}
      {shares && (
        <p class="soft small">{say("explained", { share: percent((shares[0] ?? 0) + (shares[1] ?? 0), 0) })}</p>
      )}
      <p>
        <a class="button" href={to.map(INDEX)}>
          {say("open")}
        </a>
      </p>
      <AsCode call={CALL} />
    </>
  );
}

function Picture({ map, topic }: { map: Answer; topic: string }) {
  const place = (values: readonly number[], size: number) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return values.map((value) => 14 + ((value - low) / (high - low || 1)) * (size - 28));
  };
  const [x, y] = [place(map.x, WIDTH), place(map.y, HEIGHT)];
  const on = (row: number) => map.values?.[row] === topic;
  const ends = (one: number, other: number) => ({
    x1: x[one] ?? 0,
    y1: HEIGHT - (y[one] ?? 0),
    x2: x[other] ?? 0,
    y2: HEIGHT - (y[other] ?? 0),
  });
  const rows = map.ids.map((_id, row) => row).sort((one, other) => Number(on(one)) - Number(on(other)));
  return (
    <figure class="tour-picture">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={say("picture")}>
        {pairsOf(map)
          .filter(([one]) => on(one))
          .map(([one, other]) => (
            <line key={one} class="near" {...ends(one, other)} />
          ))}
        {rows.map((row) => (
          <g key={map.ids[row]} transform={`translate(${x[row]} ${HEIGHT - (y[row] ?? 0)})`}>
            <Mark on={on(row)} korean={map.ids[row]?.startsWith("ko") ?? false} />
            <title>{`${map.ids[row]} · ${String(map.values?.[row] ?? "")}`}</title>
          </g>
        ))}
      </svg>
      <figcaption class="row small">
        {(["english", "korean"] as const).map((language) => (
          <span key={language} class="row tour-key">
            <Sample on korean={language === "korean"} />
            <span class="data">
              {topic}, {say(language)}
            </span>
          </span>
        ))}
        <span class="row tour-key">
          <Sample on={false} korean={false} />
          {say("rest")}
        </span>
      </figcaption>
    </figure>
  );
}

function distances(map: Answer): { pairs: string; any: string } {
  const { pairs, any } = apart(map);
  return { pairs: percent(pairs, 0), any: percent(any, 0) };
}

function Sample(props: { on: boolean; korean: boolean }) {
  return (
    <svg viewBox="-9 -9 18 18" width="18" height="18" aria-hidden="true">
      <Mark {...props} />
    </svg>
  );
}

/** Squares are Korean, circles English. */
function Mark({ on, korean }: { on: boolean; korean: boolean }) {
  const size = on ? 6 : 3;
  const look = `mark ${on ? (korean ? "korean" : "english") : "rest"}`;
  if (korean) return <rect class={look} x={-size} y={-size} width={2 * size} height={2 * size} />;
  return <circle class={look} r={size} />;
}
