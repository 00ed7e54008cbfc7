import { useMemo } from "preact/hooks";
import type { Quality } from "../../api/indexes";
import type { Plan } from "../../api/search";
import { number, percent, words } from "../../state/language";
import { Chart } from "../../ui/Chart";
import { Contract } from "../../ui/Contract";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { Waiting } from "../../ui/Waiting";
import type { Reading } from "./problems";
import { type Tile, Tiles } from "./Tiles";
import type { Meter as Read } from "./useMeter";

const say = words({
  title: { en: "The contract's meter, live", ko: "약속한 재현율의 실시간 측정" },
  about: {
    en: "A part of all live queries is repeated exactly, in the background. This is what they found.",
    ko: "실제 질의의 일부를 백그라운드에서 정확 검색으로 다시 실행한 결과입니다.",
  },
  chart: { en: "Recall while this page is open", ko: "이 화면을 연 뒤의 재현율" },
  seconds: { en: "seconds", ko: "초" },
  recall: { en: "Recall", ko: "재현율" },
  target: { en: "Target", ko: "목표" },
  recall_measured: {
    en: "measured: the mean share of the true best results that live queries found",
    ko: "측정값: 실제 질의가 찾아낸 참 상위 결과의 평균 비율",
  },
  recall_estimate: {
    en: "an estimate: fewer than 200 live queries were checked, so it may still move",
    ko: "추정값: 확인한 실제 질의가 200개보다 적어 아직 달라질 수 있습니다",
  },
  recall_exact: { en: "exact: every search scores every record", ko: "정확: 모든 검색이 모든 레코드를 비교합니다" },
  interval: { en: "95 % confidence", ko: "95% 신뢰 구간" },
  interval_about: {
    en: "the true recall lies in this range in 95 of 100 cases, whatever the distribution",
    ko: "분포와 관계없이 100번 중 95번은 참값이 이 범위에 있습니다",
  },
  interval_none: { en: "no live query was checked yet", ko: "아직 확인한 실제 질의가 없습니다" },
  target_kept: {
    en: "promised, and kept: the lower end reaches it",
    ko: "약속을 지킴: 구간의 아래 끝이 목표 이상입니다",
  },
  target_missed: {
    en: "promised, and not shown to be kept: the lower end is below it",
    ko: "지켰다고 할 수 없음: 구간의 아래 끝이 목표보다 낮습니다",
  },
  target_unknown: { en: "promised; too little is known to judge it", ko: "약속한 값. 판단하기에는 자료가 부족합니다" },
  checked: { en: "Checked queries", ko: "확인한 질의" },
  checked_about: {
    en: "that the mean is made of; {share} of them were exact anyway",
    ko: "평균에 쓰인 질의 수. 그중 {share}는 원래 정확 검색이었습니다",
  },
  effort: { en: "Effort", ko: "탐색량" },
  effort_about: {
    en: "times the work that stored vectors needed; Pinyon raises it when recall falls, and lowers it when it may",
    ko: "저장된 벡터에 필요했던 작업량의 배수. 재현율이 떨어지면 올리고 여유가 있으면 내립니다",
  },
  plan: { en: "How it searches", ko: "검색 방식" },
  none_title: { en: "There is nothing to measure here", ko: "측정할 것이 없습니다" },
  none: {
    en: "Every search of this namespace scores every record, so its recall is 1: sparse indexes, and namespaces below 4,096 records, need no approximation.",
    ko: "이 네임스페이스의 검색은 모든 레코드를 비교하므로 재현율이 1입니다. 희소 인덱스와 레코드 4,096개 미만인 네임스페이스는 근사 검색이 필요 없습니다.",
  },
});

interface Props {
  readonly meter: Read;
  readonly plan: Plan | undefined;
}

export function Meter({ meter, plan }: Props) {
  const now = meter.readings.at(-1)?.quality;
  return (
    <Section title={say("title")} about={now && say("about")} actions={meter.stats && <Contract quality={now} />}>
      {meter.error !== undefined && <Problem error={meter.error} again={meter.again} />}
      {!meter.stats && meter.error === undefined && <Waiting />}
      {meter.stats && !now && (
        <p class="notice">
          <strong>{say("none_title")}.</strong> {say("none")}
        </p>
      )}
      {now && (
        <>
          <Tiles tiles={tiles(now, plan)} />
          <History readings={meter.readings} />
        </>
      )}
    </Section>
  );
}

function tiles(now: Quality, plan: Plan | undefined): readonly Tile[] {
  const known = now.low !== null && now.high !== null;
  const label = now.label === "exact" || now.label === "measured" ? now.label : "estimate";
  const holds = now.holds === null ? "unknown" : now.holds ? "kept" : "missed";
  return [
    { name: say("recall"), value: percent(now.recall, 2), about: say(`recall_${label}`) },
    {
      name: say("interval"),
      value: known ? `${percent(now.low ?? 0, 2)} – ${percent(now.high ?? 1, 2)}` : "–",
      about: say(known ? "interval_about" : "interval_none"),
    },
    { name: say("target"), value: percent(now.target, 2), about: say(`target_${holds}`) },
    {
      name: say("checked"),
      value: number(now.checked),
      about: say("checked_about", { share: percent(now.exactShare, 0) }),
    },
    { name: say("effort"), value: `${number(now.effort, 2)}×`, about: say("effort_about") },
    ...(plan ? [{ name: say("plan"), value: plan.kind, about: plan.reason }] : []),
  ];
}

function History({ readings }: { readings: readonly Reading[] }) {
  const [at, series] = useMemo(() => {
    const qualities = readings.map(({ quality }) => quality);
    return [
      readings.map(({ at }) => at),
      [
        {
          label: say("recall"),
          values: qualities.map(({ recall }) => recall),
          band: { low: qualities.map(({ low }) => low), high: qualities.map(({ high }) => high) },
        },
        { label: say("target"), values: qualities.map(({ target }) => target), dashed: true },
      ],
    ] as const;
  }, [readings]);
  const least = Math.min(...readings.map(({ quality }) => floor(quality)));
  return (
    <Chart
      title={say("chart")}
      at={at}
      series={series}
      height={220}
      x={{ label: say("seconds"), least: 0, most: Math.max(60, at.at(-1) ?? 0) }}
      y={{
        label: say("recall"),
        least: Math.max(0, least - 0.15 * (1 - least) - 0.001),
        most: 1,
        write: (share) => percent(share, 2),
      }}
    />
  );
}

/** How far down the chart reaches: the band of the first few queries is so wide that it would hide the rest. */
function floor({ recall, low, target }: Quality): number {
  return Math.min(target, Math.max(low ?? recall, recall - 0.1));
}
