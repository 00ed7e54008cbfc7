import { describe, expect, test } from "vitest";
import { colouringOf, GROUPS, MISSING, OTHER, PLAIN, RAMP, RAMP_STEPS } from "./colouring";

describe("values as colours", () => {
  test("without a field all points are alike", () => {
    const { kind, groups, tint } = colouringOf(null, 3);
    expect([kind, groups, [...tint]]).toEqual(["plain", [], [PLAIN, PLAIN, PLAIN]]);
  });

  test("a few values are groups, the most frequent first, and equal counts by name", () => {
    const { kind, groups, of, tint } = colouringOf(["b", "a", "c", "c", null], 5);
    expect(kind).toBe("groups");
    expect(groups.map(({ kind, value, count }) => [kind, value, count])).toEqual([
      ["value", "c", 2],
      ["value", "a", 1],
      ["value", "b", 1],
      ["missing", undefined, 1],
    ]);
    expect([...of]).toEqual([2, 1, 0, 0, 3]);
    expect([...tint]).toEqual([2, 1, 0, 0, MISSING]);
  });

  test("of many values the most frequent have colours, and the rest is together", () => {
    const values = Array.from({ length: 30 }, (_, at) => `v${at}`).flatMap((value, at) =>
      new Array(40 - at).fill(value),
    );
    const { groups, of } = colouringOf(values, values.length);
    expect(groups).toHaveLength(GROUPS + 1);
    expect(groups[0]).toMatchObject({ value: "v0", count: 40, tint: 0 });
    const rest = groups.at(-1);
    expect(rest).toMatchObject({ kind: "other", distinct: 18, tint: OTHER });
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
    expect(of.filter((row) => row === GROUPS)).toHaveLength(rest?.count as number);
  });

  test("a text, a number and a flag that look alike are different values", () => {
    const { groups } = colouringOf(["1", 1, true, "true"], 4);
    expect(groups.map(({ key }) => key).sort()).toEqual(['"1"', '"true"', "1", "true"]);
  });

  test("a list counts as one value", () => {
    expect(colouringOf([["a", "b"], ["a", "b"], ["a"]], 3).groups.map(({ value }) => value)).toEqual(["a, b", "a"]);
  });

  test("a few numbers are groups in their order, shaded by it", () => {
    const { kind, groups } = colouringOf([30, 10, 20, 10, 10], 5);
    expect(kind).toBe("groups");
    expect(groups.map(({ value }) => value)).toEqual([10, 20, 30]);
    expect(groups.map(({ tint }) => tint)).toEqual([RAMP, RAMP + 32, RAMP + RAMP_STEPS - 1]);
  });

  test("many numbers are ranges between round borders that hold every point", () => {
    const values = Array.from({ length: 1_000 }, (_, at) => (at % 10 === 9 ? null : at));
    const { kind, groups, of, tint } = colouringOf(values, 1_000);
    expect(kind).toBe("range");
    const ranges = groups.filter((group) => group.kind === "range");
    expect(ranges.length).toBeGreaterThan(3);
    expect(ranges.length).toBeLessThan(11);
    for (const { least, most } of ranges) expect([(least ?? 1) % 50, (most ?? 1) % 50]).toEqual([0, 0]);
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    expect(groups.at(-1)).toMatchObject({ kind: "missing", count: 100 });
    values.forEach((value, at) => {
      const group = groups[of[at] as number];
      if (value === null) expect(group?.kind).toBe("missing");
      else expect(value >= (group?.least as number) && value < (group?.most as number)).toBe(true);
    });
    expect((tint[998] as number) - (tint[0] as number)).toBe(RAMP_STEPS - 1);
  });

  test("one extreme number does not take the colours from all others", () => {
    const values = [...Array.from({ length: 999 }, (_, at) => at), 1e12];
    const { tint, groups } = colouringOf(values, 1_000);
    expect(new Set(tint).size).toBeGreaterThan(50);
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  });

  test("what is no value of metadata counts as none", () => {
    expect(colouringOf([{ a: 1 }, undefined, Number.NaN], 3).groups).toEqual([
      { kind: "missing", key: "missing", count: 3, tint: MISSING },
    ]);
  });
});
