import { words } from "../../state/language";
import { Chart } from "../../ui/Chart";
import { history } from "./history";
import { grown, REQUESTS as NAME, ratesOf, type Snapshot, sum, sums } from "./rates";

const say = words({
  perSecond: { en: "Requests a second", ko: "초당 요청" },
  latency: { en: "Mean latency", ko: "평균 지연 시간" },
  milliseconds: { en: "Milliseconds", ko: "밀리초" },
  seconds: { en: "Seconds since opening", ko: "화면을 연 뒤(초)" },
  memory: { en: "Memory of namespaces in use", ko: "사용 중인 네임스페이스의 메모리" },
});

const SHOWN = 5;
const POINTS = 120;

/** What happened while the page was open. */
export function Charts() {
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
