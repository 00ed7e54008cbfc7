import { describe, expect, test } from "vitest";
import { apart, labelsOf } from "./labels";
import { boundsOf } from "./view";

function labels(points: ReadonlyArray<readonly [x: number, y: number, value: unknown]>) {
  const x = Float64Array.from(points, ([x]) => x);
  const y = Float64Array.from(points, ([, y]) => y);
  return labelsOf(
    x,
    y,
    boundsOf(x, y),
    points.map(([, , value]) => value),
  );
}

describe("a name", () => {
  test("is written where most points with the value lie, not between two such places", () => {
    const found = labels([
      ...Array.from({ length: 60 }, (_, at) => [at / 100, 0, "a"] as const),
      ...Array.from({ length: 20 }, (_, at) => [100 + at / 100, 100, "a"] as const),
      [50, 50, "b"] as const,
    ]);
    expect(found.map(({ value }) => value)).toEqual(["a", "b"]);
    expect(found[0]?.x).toBeCloseTo(0.295);
    expect(found[0]?.y).toBe(0);
  });

  test("is not written where the value is one of several, or scattered", () => {
    const mixed = Array.from({ length: 90 }, (_, at) => [at / 1000, 0, "xyz"[at % 3]] as const);
    const scattered = Array.from(
      { length: 36 },
      (_, at) => [10 + 4 * (at % 6), 4 * Math.floor(at / 6), "wide"] as const,
    );
    expect(labels([...mixed, ...scattered, [40, 40, "one"]]).map(({ value }) => value)).toEqual(["one"]);
  });

  test("is not written for records without a value", () => {
    expect(labels([[0, 0, null]])).toEqual([]);
    expect(labelsOf(Float64Array.of(0), Float64Array.of(0), { left: 0, right: 0, bottom: 0, top: 0 }, null)).toEqual(
      [],
    );
  });
});

test("of boxes that overlap the first stays", () => {
  const box = (x: number, y: number) => ({ x, y, width: 10, height: 5 });
  expect(apart([box(0, 0), box(9, 4), box(10, 0), box(0, 5)])).toEqual([box(0, 0), box(10, 0), box(0, 5)]);
});
