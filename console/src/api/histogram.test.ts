import { expect, test } from "vitest";
import { quantile } from "./histogram";

const INFINITE = Number.POSITIVE_INFINITY;

test("a quantile lies on a straight line within its bucket, from 0 in the first", () => {
  const of = [
    [0.1, 10],
    [0.2, 30],
    [0.4, 40],
    [INFINITE, 40],
  ] as const;
  const found = [0.125, 0.25, 0.5, 1].map((share) => quantile(share, of));
  for (const [at, value] of [0.05, 0.1, 0.15, 0.4].entries()) expect(found[at]?.value).toBeCloseTo(value);
  expect(found.some((one) => one?.beyond)).toBe(false);
});

test("one that lies beyond the last finite bound is that bound, and says so", () => {
  const of = [
    [1, 0],
    [INFINITE, 3],
  ] as const;
  expect(quantile(0.9, of)).toEqual({ value: 1, beyond: true });
});

test("there is none where nothing was observed", () => {
  expect(quantile(0.5, [])).toBeNull();
  expect(quantile(0.5, [[INFINITE, 0]])).toBeNull();
});
