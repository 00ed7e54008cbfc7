import { useMemo } from "preact/hooks";
import { send } from "../../api/client";
import { describeFields, type Fields } from "../../api/fields";
import { number, percent, words } from "../../state/language";
import { Chart } from "../../ui/Chart";
import type { Filter } from "../../ui/filter/filter";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { type Choice, choices } from "./filters";
import { Going } from "./Going";
import { ask, type Outcome, type Summary, summary } from "./proving";
import { drawRecords } from "./questions";
import { useRun } from "./useRun";

const QUERIES = 20;
const TOP_K = 10;

const say = words({
  title: { en: "Recall against selectivity", ko: "선택도에 따른 재현율" },
  about: {
    en: "Filters on your own metadata that keep fewer and fewer records, {queries} queries each, approximate and exact.",
    ko: "실제 메타데이터로 만든, 점점 더 적은 레코드를 남기는 필터마다 질의 {queries}개를 근사 검색과 정확 검색으로 실행합니다.",
  },
  measure: { en: "Measure {count} filters", ko: "필터 {count}개 측정" },
  none: {
    en: "No filter can be made: these records have no metadata that divides them. Add some with “update”, or look at another namespace.",
    ko: "레코드를 나눌 수 있는 메타데이터가 없어 필터를 만들 수 없습니다. 메타데이터를 추가하거나 다른 네임스페이스를 고르세요.",
  },
  all: { en: "no filter", ko: "필터 없음" },
  filter: { en: "Filter", ko: "필터" },
  matching: { en: "Records that match", ko: "맞는 레코드" },
  share: { en: "Share", ko: "비율" },
  recall: { en: "Recall", ko: "재현율" },
  interval: { en: "95 % confidence", ko: "95% 신뢰 구간" },
  approximate: { en: "Approximate, ms", ko: "근사(ms)" },
  exact: { en: "Exact, ms", ko: "정확(ms)" },
  way: { en: "How", ko: "방식" },
  chart: { en: "Recall@10 by the share of records that match", ko: "조건에 맞는 비율에 따른 재현율@10" },
  times: { en: "Time of a query, in the median", ko: "질의 시간(중앙값)" },
  axis: { en: "share of records that match", ko: "조건에 맞는 레코드의 비율" },
  milliseconds: { en: "ms", ko: "ms" },
  near: { en: "approximate", ko: "근사 검색" },
  truth: { en: "exact", ko: "정확 검색" },
});

interface Measured {
  readonly choice: Choice;
  readonly outcome: Outcome;
}

interface Point extends Summary {
  readonly name: string;
  readonly filter: Filter | undefined;
  readonly matching: number;
  readonly share: number;
  readonly kinds: string;
}

interface Props {
  readonly index: string;
  readonly namespace: string;
}

export function Selectivity({ index, namespace }: Props) {
  const fields = useCall((signal) => send<Fields>(describeFields(index, namespace), signal), [index, namespace]);
  const found = useMemo(() => choices(fields.answer?.fields ?? [], fields.answer?.records ?? 0), [fields.answer]);
  const run = useRun<Measured>();
  const points = useMemo(() => pointsOf(run.items), [run.items]);

  const measure = () =>
    run.start(async ({ signal, expect, add }) => {
      const { questions } = await drawRecords({ index, namespace }, QUERIES, 7, signal);
      expect(questions.length * found.length);
      let turn = 0;
      for (const choice of found) {
        for (const question of questions) {
          const task = { index, namespace, topK: TOP_K, filter: choice.filter };
          add({ choice, outcome: await ask(task, question, turn, signal) });
          turn += 1;
        }
        turn += 1; // with an even number of questions, each would otherwise keep its turn
      }
    });

  return (
    <Section title={say("title")} about={say("about", { queries: QUERIES })}>
      {fields.error !== undefined && <Problem error={fields.error} again={fields.again} />}
      {!fields.answer && fields.waiting && <Waiting />}
      {fields.answer && found.length < 2 && <p class="notice">{say("none")}</p>}
      {found.length > 1 && (
        <div class="row">
          <button type="button" class="button primary" disabled={run.running} onClick={measure}>
            {say("measure", { count: found.length - 1 })}
          </button>
        </div>
      )}
      <Going progress={run} onCancel={run.cancel} again={measure} />
      {points.length > 0 && <PointTable points={points} />}
      {points.length > 1 && !run.running && <Charts points={points} />}
    </Section>
  );
}

/** What was measured for each filter, by the share that did match. */
function pointsOf(items: readonly Measured[]): readonly Point[] {
  const groups = new Map<Choice, Outcome[]>();
  for (const { choice, outcome } of items) groups.set(choice, [...(groups.get(choice) ?? []), outcome]);
  return [...groups]
    .map(([{ name, filter }, outcomes]) => {
      const plan = outcomes[0]?.exact.plan;
      const kinds = [...new Set(outcomes.map((one) => one.approximate.plan?.kind ?? "?"))].join(", ");
      const [matching, records] = [plan?.matching ?? 0, plan?.records ?? 1];
      return { ...summary(outcomes), name, filter, matching, share: matching / Math.max(1, records), kinds };
    })
    .sort((one, other) => other.share - one.share);
}

function PointTable({ points }: { points: readonly Point[] }) {
  const share = (value: number) => percent(value, 2);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="scroll" tabIndex={0} role="region" aria-label={say("title")}>
      <table class="table">
        <thead>
          <tr>
            <th>{say("filter")}</th>
            <th class="number">{say("matching")}</th>
            <th class="number">{say("share")}</th>
            <th class="number">{say("recall")}</th>
            <th class="number">{say("interval")}</th>
            <th class="number">{say("approximate")}</th>
            <th class="number">{say("exact")}</th>
            <th>{say("way")}</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.name}>
              <td class="data name">{point.name || <em>{say("all")}</em>}</td>
              <td class="number">{number(point.matching)}</td>
              <td class="number">{share(point.share)}</td>
              <td class="number">{share(point.recall.mean)}</td>
              <td class="number">
                {share(point.recall.low)} – {share(point.recall.high)}
              </td>
              <td class="number">{number(point.approximate, 3)}</td>
              <td class="number">{number(point.exact, 3)}</td>
              <td>{point.kinds}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Charts({ points }: { points: readonly Point[] }) {
  const [at, recall, times] = useMemo(() => {
    const rising = points.filter(({ share }) => share > 0).reverse();
    const notes = rising.map(({ name }) => name || say("all"));
    return [
      rising.map(({ share }) => share),
      [
        {
          label: say("near"),
          values: rising.map((point) => point.recall.mean),
          band: { low: rising.map((point) => point.recall.low), high: rising.map((point) => point.recall.high) },
          notes,
        },
        { label: say("truth"), values: rising.map(() => 1), dashed: true },
      ],
      [
        { label: say("near"), values: rising.map((point) => point.approximate), notes },
        { label: say("truth"), values: rising.map((point) => point.exact) },
      ],
    ] as const;
  }, [points]);
  const least = Math.min(...points.map((point) => point.recall.low));
  const x = { label: say("axis"), log: true, write: (share: number) => percent(share, 3) };
  return (
    <div class="pair">
      <Chart
        title={say("chart")}
        at={at}
        series={recall}
        x={x}
        y={{
          label: say("recall"),
          least: Math.max(0, Math.min(0.95, least - 0.02)),
          most: 1.002,
          write: (value) => (value > 1 ? "" : percent(value, 1)),
        }}
      />
      <Chart title={say("times")} at={at} series={times} x={x} y={{ label: say("milliseconds"), log: true }} />
    </div>
  );
}
