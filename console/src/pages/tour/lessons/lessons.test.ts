import { expect, test } from "vitest";
import { build, exact, hits, shuffled, walk } from "./graph";
import { longer, METRICS, ranked, score } from "./metrics";
import { plane } from "./plane";

const ROWS = 120;
/** Points on a circle, so that the nearest are the neighbours in order. */
const like = (one: number, other: number) => Math.cos((2 * Math.PI * (one - other)) / ROWS);

test("a walk with a large ef finds what an exact search finds, and a small one compares less", () => {
  const graph = build(shuffled(ROWS), like, 4);
  const truth = exact(ROWS, 17, like, 6);
  expect([...truth].sort((a, b) => a - b)).toEqual([14, 15, 16, 18, 19, 20]);
  const wide = walk(graph, 17, like, ROWS);
  expect(hits(wide, truth, 17)).toEqual(truth);
  expect(wide.scored).toHaveLength(ROWS);
  const narrow = walk(graph, 17, like, 2);
  expect(narrow.scored.length).toBeLessThan(ROWS / 2);
  expect(narrow.found.length).toBeLessThanOrEqual(2);
  expect(hits(narrow, truth, 17).length).toBeLessThan(truth.length);
});

test("each link goes both ways", () => {
  const { links } = build(shuffled(ROWS), like, 3);
  links.forEach((row, at) => {
    for (const other of row) expect(links[other]).toContain(at);
  });
});

test("an order is always the same, and has every row once", () => {
  expect(shuffled(50)).toEqual(shuffled(50));
  expect([...shuffled(50)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_one, at) => at));
});

test("a longer vector gains by the dot product, loses by distance, and cosine does not care", () => {
  const query = Float32Array.from([1, 0]);
  const vectors = [Float32Array.from([0.8, 0.6]), Float32Array.from([0.6, 0.8])];
  for (const metric of METRICS) expect(ranked(metric, query, vectors)).toEqual([0, 1]);
  const stretched = [vectors[0] as Float32Array, longer(vectors[1] as Float32Array, 3)];
  expect(METRICS.map((metric) => ranked(metric, query, stretched)[0])).toEqual([0, 1, 0]);
  expect(score("euclidean", query, query)).toBeCloseTo(0);
});

test("the plane keeps the two directions in which rows differ most", () => {
  const rows = [-3, -1, 1, 3].flatMap((a) => [-1, 1].map((b) => Float32Array.from([0, a, b, 0])));
  const found = plane(rows);
  const [x, y] = [found.map(([one]) => Math.abs(one)), found.map(([, one]) => Math.abs(one))];
  expect(x.map((one) => Math.round(one * 300) / 100)).toEqual([3, 3, 1, 1, 1, 1, 3, 3]);
  for (const one of y) expect(one).toBeCloseTo(1, 3);
});
