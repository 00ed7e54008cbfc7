import { expect, test } from "vitest";
import { scaleOf } from "./interval";

test("the scale holds everything, and no more than it needs", () => {
  expect(scaleOf([0.999, 0.995, 0.99]).from).toBe(0.98);
  expect(scaleOf([0.97, 0.93, 0.99]).from).toBe(0.9);
  expect(scaleOf([0.2]).from).toBe(0);
  expect(scaleOf([1, 1, 1]).from).toBe(0.99);
});

test("a recall stands where its share of the scale is", () => {
  const { at } = scaleOf([0.995, 0.99]);
  expect(at(0.98)).toBeCloseTo(0);
  expect(at(0.99)).toBeCloseTo(0.5);
  expect(at(1)).toBe(1);
  expect(at(0.5)).toBe(0);
});
