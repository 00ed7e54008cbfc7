import { expect, test } from "vitest";
import { apart, pairsOf } from "./pairs";

test("a text is joined with its translation, and their distance is a share of the width", () => {
  const map = { ids: ["ko-001", "en-001", "en-002", "other"], x: [0, 1, 10, 10], y: [0, 0, 0, 5] };
  expect(pairsOf(map)).toEqual([[1, 0]]);
  expect(apart(map).pairs).toBeCloseTo(0.1);
  expect(apart(map).any).toBeCloseTo(0.95);
});
