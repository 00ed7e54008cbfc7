import { expect, test } from "vitest";
import { lengths, moves, overlap } from "./compare";

const list = (...ids: string[]) => ids.map((id) => ({ id }));

test("the overlap counts what both have", () => {
  expect(overlap(list("a", "b", "c"), list("c", "x", "a"))).toEqual({ common: 2, k: 3 });
  expect(overlap(list(), list("a"))).toEqual({ common: 0, k: 1 });
});

test("a record rose, fell, stayed or is new", () => {
  const moved = moves(list("c", "b", "x", "a"), list("a", "b", "c"));
  expect([...moved]).toEqual([
    ["c", 2],
    ["b", 0],
    ["x", "new"],
    ["a", -3],
  ]);
});

test("the longest bar is that of the largest score", () => {
  expect(lengths([2, 1, -0.5])).toEqual([1, 0.5, 0.25]);
  expect(lengths([0, 0])).toEqual([0, 0]);
  expect(lengths([])).toEqual([]);
});
