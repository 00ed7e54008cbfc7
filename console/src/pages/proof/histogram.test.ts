import { describe, expect, it } from "vitest";
import { parseMetrics } from "../../api/prometheus";
import { histograms, occupied } from "./histogram";

const TEXT = `
# HELP took_seconds From the head of a request to the end of its answer.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1",operation="query",status="200"} 10
took_seconds_bucket{le="0.2",operation="query",status="200"} 30
took_seconds_bucket{le="+Inf",operation="query",status="200"} 40
took_seconds_sum{operation="query",status="200"} 9
took_seconds_bucket{le="0.1",operation="query",status="400"} 2
took_seconds_bucket{le="0.2",operation="query",status="400"} 2
took_seconds_bucket{le="+Inf",operation="query",status="400"} 2
took_seconds_sum{operation="query",status="400"} 0.1
took_seconds_bucket{le="0.1",operation="a \\"b\\" {c}",status="200"} 0
took_seconds_bucket{le="0.2",operation="a \\"b\\" {c}",status="200"} 1
took_seconds_bucket{le="+Inf",operation="a \\"b\\" {c}",status="200"} 1
took_seconds_bucket{le="0.1",operation="none",status="200"} 0
took_seconds_bucket{le="+Inf",operation="none",status="200"} 0
took_seconds_created{operation="query",status="200"} 1.7e+09
other_bucket{le="1",operation="query"} 99
this is no line of the format
`;

describe("histograms", () => {
  const found = histograms(parseMetrics(TEXT), "took_seconds", "operation");

  it("are summed over the other labels, most values first, those without values left out", () => {
    expect(found.map(([key]) => key)).toEqual(["query", 'a "b" {c}']);
    expect(found[0]?.[1]).toEqual({
      buckets: [
        [0.1, 12],
        [0.2, 32],
        [Number.POSITIVE_INFINITY, 42],
      ],
      count: 42,
      sum: 9.1,
    });
  });

  it("have none without values", () => {
    expect(occupied([[1, 0]])).toEqual([]);
    expect(histograms([], "took_seconds", "operation")).toEqual([]);
  });

  it("show the buckets from the first to the last that hold anything", () => {
    const one = [
      [1, 0],
      [2, 3],
      [3, 3],
      [4, 5],
      [5, 5],
    ] as const;
    expect(occupied(one)).toEqual([
      { start: 1, end: 2, count: 3 },
      { start: 2, end: 3, count: 0 },
      { start: 3, end: 4, count: 2 },
    ]);
  });
});
