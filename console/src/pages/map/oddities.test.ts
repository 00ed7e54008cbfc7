import { expect, test } from "vitest";
import { byDistance, outliers, threshold, twins, usual } from "./oddities";

const sorted = byDistance([0.5, 0, null, 9, 0.01, 0.5, 0.4]);

test("records are in the order of their distance, without those that have none", () => {
  expect(sorted.map(({ at }) => at)).toEqual([1, 4, 6, 0, 5, 3]);
});

test("twins are those up to the threshold, which counts itself", () => {
  expect(twins(sorted, 0.01).map(({ at }) => at)).toEqual([1, 4]);
  expect(twins(sorted, 0)).toHaveLength(1);
  expect(twins(sorted, 100)).toHaveLength(6);
  expect(twins([], 1)).toEqual([]);
});

test("outliers are the farthest, the farthest first", () => {
  expect(outliers(sorted, 2).map(({ at }) => at)).toEqual([3, 5]);
});

test("the slider goes from nothing to the usual distance", () => {
  expect(usual(sorted)).toBe(0.4);
  expect(threshold(0, sorted)).toBe(0);
  expect(threshold(1, sorted)).toBe(0.4);
  expect(threshold(0.5, sorted)).toBeLessThan(0.2);
  expect(usual([])).toBe(0);
});
