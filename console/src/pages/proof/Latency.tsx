import { useMemo, useState } from "preact/hooks";
import { quantile } from "../../api/histogram";
import { fetchMetrics } from "../../api/server";
import { number, words } from "../../state/language";
import { Chart } from "../../ui/Chart";
import { SelectField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { Waiting } from "../../ui/Waiting";
import { type Histogram, histograms, occupied } from "./histogram";
import { Tiles } from "./Tiles";

const say = words({
  title: { en: "How long requests take", ko: "요청에 걸리는 시간" },
  about: {
    en: "Of all indexes, since the server started: from the head of a request to the end of its answer.",
    ko: "서버가 시작된 뒤 모든 인덱스의 요청이며, 요청이 도착해서 응답이 끝날 때까지의 시간입니다.",
  },
  refresh: { en: "Refresh", ko: "새로 고침" },
  operation: { en: "Operation", ko: "작업" },
  none: { en: "No request was counted yet.", ko: "아직 집계된 요청이 없습니다." },
  count: { en: "Requests", ko: "요청 수" },
  half: { en: "half of them within this time", ko: "절반이 이 시간 안에 끝남" },
  most: { en: "95 of 100 within this time", ko: "100개 중 95개가 이 시간 안에 끝남" },
  all: { en: "99 of 100 within this time", ko: "100개 중 99개가 이 시간 안에 끝남" },
  mean: { en: "mean {mean}", ko: "평균 {mean}" },
  chart: { en: "Requests by their time", ko: "소요 시간별 요청 수" },
  upto: { en: "up to", ko: "이하" },
  stages: { en: "Where queries spend it", ko: "질의의 단계별 시간" },
  stage: { en: "Stage", ko: "단계" },
  queries: { en: "Queries", ko: "질의 수" },
  average: { en: "Mean", ko: "평균" },
});

/** Seconds, in the unit in which they are read. */
function duration(seconds: number): string {
  if (Number.isNaN(seconds)) return "–";
  if (seconds < 0.001) return `${number(seconds * 1e6, 0)} µs`;
  return seconds < 1 ? `${number(seconds * 1e3, seconds < 0.1 ? 2 : 0)} ms` : `${number(seconds, 2)} s`;
}

function at(histogram: Histogram, share: number): string {
  const found = quantile(share, histogram.buckets);
  return found ? `${found.beyond ? "> " : ""}${duration(found.value)}` : "–";
}

export function Latency() {
  const samples = useCall(fetchMetrics, []);
  useRepeat(true, 15, samples.again);
  const [chosen, setChosen] = useState("query");
  const [operations, stages] = useMemo(() => {
    const found = samples.answer ?? [];
    return [
      histograms(found, "pinyon_request_duration_seconds", "operation"),
      histograms(found, "pinyon_query_stage_seconds", "stage"),
    ];
  }, [samples.answer]);
  const [name, histogram] = operations.find(([one]) => one === chosen) ?? operations[0] ?? [];

  return (
    <Section
      title={say("title")}
      about={say("about")}
      actions={
        <button type="button" class="button small" onClick={samples.again}>
          {say("refresh")}
        </button>
      }
    >
      {samples.error !== undefined && <Problem error={samples.error} again={samples.again} />}
      {!samples.answer && samples.waiting && <Waiting />}
      {samples.answer !== undefined && !histogram && <p class="notice">{say("none")}</p>}
      {name && histogram && (
        <>
          <SelectField
            label={say("operation")}
            value={name}
            options={operations.map(([one, { count }]) => [one, `${one} (${number(count)})`])}
            onInput={setChosen}
          />
          <Tiles
            tiles={[
              { name: "p50", value: at(histogram, 0.5), about: say("half") },
              { name: "p95", value: at(histogram, 0.95), about: say("most") },
              { name: "p99", value: at(histogram, 0.99), about: say("all") },
              {
                name: say("count"),
                value: number(histogram.count),
                about: say("mean", { mean: duration(histogram.sum / histogram.count) }),
              },
            ]}
          />
          <Buckets histogram={histogram} />
        </>
      )}
      {stages.length > 0 && <Stages stages={stages} />}
    </Section>
  );
}

function Buckets({ histogram }: { histogram: Histogram }) {
  const [places, names, series] = useMemo(() => {
    const shown = occupied(histogram.buckets);
    return [
      shown.map((_, place) => place),
      shown.map(({ start, end }) => (Number.isFinite(end) ? duration(end) : `> ${duration(start)}`)),
      [{ label: say("count"), values: shown.map(({ count }) => count) }],
    ] as const;
  }, [histogram]);
  return (
    <Chart
      title={say("chart")}
      at={places}
      series={series}
      shape="bars"
      height={220}
      x={{ label: say("upto"), names }}
      y={{ label: say("count"), least: 0 }}
    />
  );
}

function Stages({ stages }: { stages: ReadonlyArray<[string, Histogram]> }) {
  return (
    <>
      <h3>{say("stages")}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll" tabIndex={0} role="region" aria-label={say("stages")}>
        <table class="table">
          <thead>
            <tr>
              <th>{say("stage")}</th>
              <th class="number">{say("queries")}</th>
              <th class="number">{say("average")}</th>
              <th class="number">p50</th>
              <th class="number">p95</th>
              <th class="number">p99</th>
            </tr>
          </thead>
          <tbody>
            {stages.map(([stage, histogram]) => (
              <tr key={stage}>
                <td class="data">{stage}</td>
                <td class="number">{number(histogram.count)}</td>
                <td class="number">{duration(histogram.sum / histogram.count)}</td>
                <td class="number">{at(histogram, 0.5)}</td>
                <td class="number">{at(histogram, 0.95)}</td>
                <td class="number">{at(histogram, 0.99)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
