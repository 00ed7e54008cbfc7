import { quantile } from "../../api/histogram";
import { number, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { SelectField } from "../../ui/Field";
import { Charts } from "./Charts";
import { history, SECONDS } from "./history";
import { buckets, grown, REQUESTS as NAME, type Snapshot, sums } from "./rates";

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
});

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
                  {milliseconds(quantile(share, of)?.value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function milliseconds(seconds: number | undefined): string {
  return seconds === undefined ? "–" : number(seconds * 1000, 2);
}
