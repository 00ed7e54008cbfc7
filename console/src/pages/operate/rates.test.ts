import { expect, test } from "vitest";
import { parseMetrics } from "../../api/prometheus";
import { buckets, families, grown, ratesOf, remembered, snapshot, sum, sums } from "./rates";

const text = (query: number, sum: number) => `# TYPE took histogram
took_bucket{le="0.1",operation="query"} ${query / 2}
took_bucket{le="1",operation="query"} ${query}
took_bucket{le="+Inf",operation="query"} ${query}
took_count{operation="query",status="200"} ${query}
took_count{operation="query",status="400"} 1
took_count{operation="upsert",status="200"} 2
took_sum{operation="query"} ${sum}
# TYPE took_created gauge
took_created{operation="query"} 1700000000
# TYPE sent_total counter
sent_total{transport="http"} 5
# TYPE sent_created gauge
sent_created{transport="http"} 1600000000
# TYPE used gauge
used 7
`;
const look = (at: number, query: number) => snapshot(at, parseMetrics(text(query, query / 4)));

test("parts of a histogram and the times of birth belong to one family", () => {
  const found = families(look(0, 4).samples);
  expect(found.map(({ name, type, since }) => [name, type, since])).toEqual([
    ["took", "histogram", 1_700_000_000],
    ["sent_total", "counter", 1_600_000_000],
    ["used", "gauge", null],
  ]);
  expect(found[0]?.samples).toHaveLength(7);
});

test("sums by label", () => {
  const { samples } = look(0, 4);
  expect([...sums(samples, "took_count", "operation")]).toEqual([
    ["query", 5],
    ["upsert", 2],
  ]);
  expect(sum(samples, "took_count")).toBe(7);
  expect(sum(samples, "absent")).toBeUndefined();
});

test("a rate is the growth by second, and never negative after a restart", () => {
  const history = [look(1000, 4), look(3000, 10), look(5000, 2)];
  const value = (of: (typeof history)[number]) => sums(of.samples, "took_count", "operation").get("query");
  expect(ratesOf(history, value)).toEqual([null, 3, 1.5]);
  expect([grown(undefined, 3), grown(2, 5), grown(9, 4)]).toEqual([3, 3, 4]);
});

test("buckets of all samples are added up by their bounds", () => {
  expect(buckets("took", look(0, 8).samples)).toEqual([
    [0.1, 4],
    [1, 8],
    [Number.POSITIVE_INFINITY, 8],
  ]);
});

test("only what came since is counted", () => {
  const since = buckets("took", look(1, 8).samples, look(0, 4).samples, (labels) => labels.operation === "query");
  expect(since.map(([, count]) => count)).toEqual([2, 4, 4]);
});

test("a long history gets coarser at its old end and keeps its ends", () => {
  let history: readonly ReturnType<typeof look>[] = [];
  for (let at = 0; at < 1000; at += 1) history = remembered(history, look(at, 1));
  expect(history.length).toBeLessThanOrEqual(240);
  expect([history[0]?.at, history.at(-1)?.at, history.at(-2)?.at]).toEqual([0, 999, 998]);
  const times = history.map(({ at }) => at);
  expect(times).toEqual([...times].sort((one, other) => one - other));
});
