import { expect, test } from "vitest";
import { parseMetrics } from "./prometheus";

const TEXT = `# HELP took_seconds From head to end.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5",operation="query"} 3.0
took_seconds_bucket{le="+Inf",operation="query"} 4.0
took_seconds_count{operation="query"} 4.0
took_seconds_sum{operation="query"} 1.25
# HELP used_bytes What they hold.
# TYPE used_bytes gauge
used_bytes 1e+06
nothing that belongs here
records{index_name="a\\"b\\\\c\\nd, {x=\\"1\\"}",region="us"} 7 1700000000
`;

test("samples carry the help and the type of their family", () => {
  const [first, , count, sum, used] = parseMetrics(TEXT);
  expect(first).toEqual({
    name: "took_seconds_bucket",
    labels: { le: "0.5", operation: "query" },
    value: 3,
    help: "From head to end.",
    type: "histogram",
  });
  expect([count?.value, sum?.value, sum?.type]).toEqual([4, 1.25, "histogram"]);
  expect(used).toEqual({ name: "used_bytes", labels: {}, value: 1_000_000, help: "What they hold.", type: "gauge" });
});

test("labels may hold anything", () => {
  const last = parseMetrics(TEXT).at(-1);
  expect(last?.labels).toEqual({ index_name: 'a"b\\c\nd, {x="1"}', region: "us" });
  expect([last?.value, last?.type]).toEqual([7, "untyped"]);
});

test("infinities and what is not a number", () => {
  expect(parseMetrics("a +Inf\nb -Inf\nc NaN").map(({ value }) => value)).toEqual([
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
});
