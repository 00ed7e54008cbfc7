import { describe, expect, test } from "vitest";
import { changesOf, rowsOf, tagsOf, tooMany, wrongTags } from "./tags";

const row = (key: string, value: string) => ({ key, value });

describe("tags as they are edited", () => {
  test("the tag of the settings is not among them", () => {
    expect(rowsOf({ team: "search", "pinyon-index": "hnsw m 32" })).toEqual([row("team", "search")]);
    expect(rowsOf(null)).toEqual([]);
  });

  test("a change names what is new, other, or gone", () => {
    const before = { team: "search", stage: "test", old: "yes", "pinyon-index": "flat" };
    const rows = [row("team", "search"), row("stage", "live"), row(" new ", " one "), row("", "")];
    expect(changesOf(before, rows)).toEqual({ old: "", stage: "live", new: "one" });
    expect(changesOf(before, rowsOf(before))).toEqual({});
  });

  test("rows that hold nothing are no tags", () => {
    expect(tagsOf([row("", " "), row("a", "b")])).toEqual({ a: "b" });
  });

  test("every row is judged alone", () => {
    const rows = [
      row("", ""),
      row("good-1", "a value; me@home.org + 2"),
      row("a b", "x"),
      row("k", "<b>"),
      row("k", ""),
      row("good-1", "again"),
      row("pinyon-index", "flat"),
      row("x".repeat(81), "y"),
      row("y", "y".repeat(121)),
    ];
    const problems = [undefined, undefined, "key", "value", "empty", "twice", "ours", "key", "value"];
    expect(wrongTags(rows)).toEqual(problems);
  });

  test("an index has at most twenty, that of the settings among them", () => {
    const rows = Array.from({ length: 20 }, (_, at) => row(`k${at}`, "v"));
    expect(tooMany(rows, 0)).toBe(false);
    expect(tooMany(rows, 1)).toBe(true);
  });
});
