import { expect, test } from "vitest";
import type { MapAnswer } from "../../api/map";
import { drawingOrder, maskOf, pointsOf } from "./points";
import { sameRecords } from "./useMap";

const answer: MapAnswer = {
  namespace: "",
  records: 4,
  matching: 4,
  explained: [0.5, 0.25],
  ids: ["a", "b", "c", "d"],
  x: [0, 1, 2, 3],
  y: [0, 1, 0, 1],
  values: ["u", "v", "u", null],
  nearest: null,
  query: null,
};

test("points are found by their id", () => {
  const points = pointsOf(answer);
  expect([points.place("c"), points.place("e"), points.count]).toEqual([2, undefined, 4]);
});

test("every point that is shown is drawn once, and lit ones above the others", () => {
  const points = pointsOf(answer);
  const sorted = (places: Uint32Array) => [...places].sort();
  const all = drawingOrder(points, (at) => at !== 1, null);
  expect([sorted(all.faint), sorted(all.full)]).toEqual([[], [0, 2, 3]]);
  const some = drawingOrder(points, (at) => at !== 1, maskOf([1, 3], 4));
  expect([sorted(some.faint), sorted(some.full)]).toEqual([[0, 2], [3]]);
});

test("a selection outlives a new colour, and no other records", () => {
  const points = pointsOf(answer);
  expect(sameRecords(points, pointsOf({ ...answer, values: null }))).toBe(true);
  expect(sameRecords(points, pointsOf({ ...answer, ids: ["a", "b", "c", "e"] }))).toBe(false);
  expect(sameRecords(points, pointsOf({ ...answer, namespace: "other" }))).toBe(false);
  expect(sameRecords(undefined, points)).toBe(false);
});
