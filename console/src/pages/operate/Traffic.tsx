import { number, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Chart } from "../../ui/Chart";
import { SelectField } from "../../ui/Field";
import { history, SECONDS } from "./history";
import { buckets, grown, quantile, ratesOf, type Snapshot, sum, sums } from "./rates";

const say = words({
  traffic: { en: "Requests by operation", ko: "작업별 요청" },
  window: { en: "Figures of", ko: "집계 기간" },
  minute: { en: "the last minute", ko: "최근 1분" },
  open: { en: "the time since this page was opened", ko: "이 화면을 연 뒤" },
  start: { en: "the time since the server started", ko: "서버 시작 이후" },
  operation: { en: "Operation", ko: "작업" },
  count: { en: "Requests", ko: "요청" },
  rate: { en: "A second", ko: "초당" },
  failed: { en: "Failed", ko: "실패" },
  mean: { en: "Mean ms", ko: "평균 ms" },
  none: { en: "No requests in that time.", ko: "이 기간에는 요청이 없습니다." },
  itself: {
    en: "This page asks for the metrics every {seconds} seconds itself. Percentiles are read between the bounds of histogram buckets.",
    ko: "이 화면도 {seconds}초마다 지표를 요청합니다. 백분위수는 히스토그램 구간의 경계 사이를 보간한 값입니다.",
  },
  perSecond: { en: "Requests a second", ko: "초당 요청" },
  latency: { en: "Mean latency", ko: "평균 지연 시간" },
  milliseconds: { en: "Milliseconds", ko: "밀리초" },
  seconds: { en: "Seconds since opening", ko: "화면을 연 뒤(초)" },
  memory: { en: "Memory of namespaces in use", ko: "사용 중인 네임스페이스의 메모리" },
});

const NAME = "pinyon_request_duration_seconds";
const SHOWN = 5;
const POINTS = 120;

export function Traffic() {
  const [{ window = "open" }, change] = useQuery();
  return (
    <section class="stack" aria-label={say("traffic")}>
      <div class="panel stack">
        <div class="row spread">
          <h2>{say("traffic")}</h2>
          <SelectField
            label={say("window")}
            value={window}
            options={[
              ["minute", say("minute")],
              ["open", say("open")],
              ["start", say("start")],
            ]}
            onInput={(window) => change({ window })}
          />
        </div>
        <Table window={window} />
        <p class="soft small">{say("itself", { seconds: SECONDS })}</p>
      </div>
      <Charts />
    </section>
  );
}

/** What the figures are compared with; nothing for those since the start. */
function beginning(all: readonly Snapshot[], window: string): Snapshot | undefined {
  if (window === "start") return undefined;
  const from = window === "minute" ? (all.at(-1)?.at ?? 0) - 60_000 : 0;
  return all.find(({ at }) => at >= from);
}

function Table({ window }: { window: string }) {
  const all = history.value;
  const after = all.at(-1)?.samples ?? [];
  const first = beginning(all, window);
  const before = first?.samples ?? [];
  const seconds = first ? ((all.at(-1)?.at ?? 0) - first.at) / 1000 : 0;
  const counts = (samples: typeof after) => sums(samples, `${NAME}_count`, "operation");
  const bad = (samples: typeof after) =>
    sums(
      samples.filter(({ labels }) => Number(labels.status) >= 400),
      `${NAME}_count`,
      "operation",
    );
  const took = (samples: typeof after) => sums(samples, `${NAME}_sum`, "operation");
  const [countsBefore, badBefore, badAfter, tookBefore, tookAfter] = [
    counts(before),
    bad(before),
    bad(after),
    took(before),
    took(after),
  ];
  const rows = [...counts(after)]
    .map(([operation, total]) => {
      const count = grown(countsBefore.get(operation), total);
      const failed = grown(badBefore.get(operation), badAfter.get(operation) ?? 0);
      const sum = grown(tookBefore.get(operation), tookAfter.get(operation) ?? 0);
      const found = buckets(NAME, after, before, (labels) => labels.operation === operation);
      return { operation, count, failed, mean: sum / count, of: found };
    })
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count);
  if (!rows.length) return <p class="soft">{say("none")}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="scroll" tabIndex={0} role="region" aria-label={say("traffic")}>
      <table class="table operate-wide">
        <thead>
          <tr>
            <th>{say("operation")}</th>
            <th class="number">{say("count")}</th>
            <th class="number">{say("rate")}</th>
            <th class="number">{say("failed")}</th>
            <th class="number">{say("mean")}</th>
            <th class="number">p50</th>
            <th class="number">p95</th>
            <th class="number">p99</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ operation, count, failed, mean, of }) => (
            <tr key={operation}>
              <td class="mono data">{operation}</td>
              <td class="number">{number(count)}</td>
              <td class="number">{seconds > 0 ? number(count / seconds, 2) : "–"}</td>
              <td class="number">{failed ? <span class="badge bad">{number(failed)}</span> : "0"}</td>
              <td class="number">{number(mean * 1000, 2)}</td>
              {[0.5, 0.95, 0.99].map((share) => (
                <td key={share} class="number">
                  {milliseconds(quantile(share, of))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function milliseconds(seconds: number | null): string {
  return seconds === null ? "–" : number(seconds * 1000, 2);
}

function Charts() {
  const all = thinned(history.value);
  const began = history.value[0]?.at ?? 0;
  if (all.length < 2) return null;
  const at = all.map((one) => Math.round((one.at - began) / 100) / 10);
  const last = sums(all.at(-1)?.samples ?? [], `${NAME}_count`, "operation");
  const first = sums(all[0]?.samples ?? [], `${NAME}_count`, "operation");
  const busiest = [...last]
    .map(([operation, count]) => [operation, grown(first.get(operation), count)] as const)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .slice(0, SHOWN)
    .sort(([one], [other]) => (one < other ? -1 : 1)); // a colour stays with its operation
  const value = (of: Snapshot, part: "sum" | "count", operation: string) =>
    sums(of.samples, `${NAME}_${part}`, "operation").get(operation);
  const rates = busiest.map(([label]) => ({ label, values: ratesOf(all, (of) => value(of, "count", label)) }));
  const latency = busiest.map(([label], place) => {
    const spent = ratesOf(all, (of) => value(of, "sum", label));
    const values = spent.map((one, row) => {
      const count = rates[place]?.values[row];
      return one === null || !count ? null : (one / count) * 1000;
    });
    return { label, values };
  });
  const memory = all.map((of) => (sum(of.samples, "pinyon_memory_used_bytes") ?? 0) / 1024 ** 2);
  const x = { label: say("seconds") };
  return (
    <div class="operate-charts">
      <div class="panel">
        <Chart title={say("perSecond")} at={at} x={x} y={{ label: say("perSecond") }} series={rates} height={220} />
      </div>
      <div class="panel">
        <Chart title={say("latency")} at={at} x={x} y={{ label: say("milliseconds") }} series={latency} height={220} />
      </div>
      <div class="panel">
        <Chart
          title={say("memory")}
          at={at}
          x={x}
          y={{ label: "MiB", least: 0, most: Math.max(1, ...memory) * 1.1 }}
          series={[{ label: "MiB", values: memory }]}
          height={220}
        />
      </div>
    </div>
  );
}

/** At most `POINTS` of them, the last always. */
function thinned(all: readonly Snapshot[]): readonly Snapshot[] {
  const step = Math.ceil(all.length / POINTS);
  return all.filter((_one, at) => (all.length - 1 - at) % step === 0);
}
