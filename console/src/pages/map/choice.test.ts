import { describe, expect, test } from "vitest";
import { asCsv, asText, dominant, shares } from "./choice";
import { colouringOf } from "./colouring";

const values = [...new Array(95).fill("a"), ...new Array(5).fill("b"), ...new Array(100).fill("c"), null, null];
const places = (...all: number[]) => Uint32Array.from(all);
const run = (from: number, to: number) => places(...Array.from({ length: to - from }, (_, at) => from + at));

test("shares count the rows of the legend", () => {
  const found = shares(colouringOf(values, values.length), run(90, 102));
  expect(found.map(({ group, count }) => [group.value, count])).toEqual([
    ["a", 5],
    ["b", 5],
    ["c", 2],
  ]);
});

describe("a selection as a filter", () => {
  test("names the value that nine in ten have", () => {
    expect(dominant("kind", values, run(0, 100))).toEqual({ filter: { kind: { $eq: "a" } }, found: 0.95 });
  });
  test("names as many values as are needed", () => {
    expect(dominant("kind", values, run(50, 150))).toEqual({ filter: { kind: { $in: ["c", "a"] } }, found: 0.95 });
  });
  test("says how many it does not find", () => {
    expect(dominant("kind", values, run(199, 202))?.found).toBeCloseTo(1 / 3);
    expect(dominant("kind", values, run(200, 202))).toBeUndefined();
  });
  test("of many numbers is their range", () => {
    const numbers = Array.from({ length: 50 }, (_, at) => (at * 37) % 50);
    expect(dominant("year", numbers, run(0, 50))).toEqual({ filter: { year: { $gte: 0, $lte: 49 } }, found: 1 });
  });
  test("of lists names an element that they share", () => {
    const tags = [
      ["sea", "old"],
      ["sea", "new"],
      ["sea", "red"],
    ];
    expect(dominant("tags", tags, run(0, 3))).toEqual({ filter: { tags: { $eq: "sea" } }, found: 1 });
  });
});

describe("a selection as a file", () => {
  test("has an id a line", () => {
    expect(asText(["a", "한글", "c d"])).toBe("a\n한글\nc d\n");
  });
  test("quotes what a table must quote", () => {
    expect(
      asCsv(
        ["id", "x"],
        [
          ['a,"b"', 1.5],
          ["two\nlines", null],
          [["l", "m"], true],
        ],
      ),
    ).toBe('id,x\r\n"a,""b""",1.5\r\n"two\nlines",\r\n"[""l"",""m""]",true\r\n');
  });
  test("holds no formula that a spreadsheet would run", () => {
    expect(asCsv(["=1+1"], [["@SUM(A1)"], ["-2+3"], [-2]])).toBe("'=1+1\r\n'@SUM(A1)\r\n'-2+3\r\n-2\r\n");
  });
});
