import { describe, expect, test } from "vitest";
import type { FieldInfo } from "../../api/fields";
import { settingsOf, usualColour } from "./settings";

describe("the address of a map", () => {
  test("without anything is the whole default namespace, coloured by whatever suits", () => {
    expect(settingsOf({}, ["", "other"])).toEqual({
      namespace: "",
      filter: undefined,
      colour: undefined,
      limit: 100_000,
      method: "pca",
      off: [],
      view: undefined,
      record: undefined,
      panel: "colours",
      text: undefined,
      near: undefined,
      neighbours: 10,
    });
  });

  test("begins with the first namespace where there is no default one", () => {
    expect(settingsOf({}, ["a", "b"]).namespace).toBe("a");
    expect(settingsOf({ namespace: "b" }, ["a", "b"]).namespace).toBe("b");
  });

  test("says all that was set", () => {
    const query = {
      filter: '{"a":{"$gt":1}}',
      colour: "none",
      points: "2000",
      off: '["missing","\\"a\\""]',
      view: "1,2,3",
      panel: "odd",
      k: "25",
    };
    expect(settingsOf(query, [""])).toMatchObject({
      filter: { a: { $gt: 1 } },
      colour: "none",
      limit: 2_000,
      off: ["missing", '"a"'],
      view: { x: 1, y: 2, zoom: 3 },
      panel: "odd",
      neighbours: 25,
    });
    expect(settingsOf({ plain: "1", colour: "a" }, [""]).colour).toBeNull();
  });

  test("that nobody wrote is as if it were not there", () => {
    const query = { filter: "{", off: "{}", points: "7", panel: "x", k: "-1", view: "far" };
    expect(settingsOf(query, [""])).toEqual(settingsOf({}, [""]));
    expect(settingsOf({ filter: "[1]", off: '[1,"a"]' }, [""])).toMatchObject({ filter: undefined, off: ["a"] });
  });
});

describe("the field that colours at first", () => {
  const field = (name: string, types: FieldInfo["types"], distinct: number | null, records = 100): FieldInfo => {
    return { name, types, distinct, records, least: null, most: null, values: [] };
  };
  test("is a text with a handful of values that most records have", () => {
    const fields = [
      field("title", ["string"], 100),
      field("rare", ["string"], 5, 3),
      field("seen", ["boolean"], 2),
      field("topic", ["string"], 8),
      field("year", ["number"], 70),
    ];
    expect(usualColour(fields)).toBe("topic");
  });
  test("is a flag or a number where there is no such text", () => {
    expect(usualColour([field("title", ["string"], null), field("seen", ["boolean"], 2)])).toBe("seen");
    expect(usualColour([field("title", ["string"], null), field("year", ["number"], 70)])).toBe("year");
  });
  test("is none where nothing tells anything", () => {
    expect(usualColour([field("one", ["string"], 1), field("tags", ["list"], 9)])).toBeUndefined();
    expect(usualColour([])).toBeUndefined();
  });
});
