import { describe, expect, test } from "vitest";
import { checkFilter, told } from "./check";
import { parseJson } from "./json";

const first = (text: string) => {
  const [problem] = checkFilter(text).problems;
  return problem && [text.slice(problem.start, problem.end), told(text, problem)];
};

describe("the JSON of a filter is checked while it is typed", () => {
  test.each([
    ["", undefined],
    ["{}", undefined],
    ['{"a": 1}', { a: 1 }],
    ['{"a": {"$in": ["x", 2.5, true]}, "$or": [{"b": {"$exists": false}}, {"c": {"$match_all": "w"}}]}', "same"],
    ['{"__proto__": {"$ne": "x"}}', "same"],
  ])("%s is fine", (text, filter) => {
    expect(checkFilter(text)).toEqual(
      filter === undefined ? { problems: [] } : { problems: [], filter: filter === "same" ? JSON.parse(text) : filter },
    );
  });

  test.each([
    ['{"a": 1,}', "}", "Line 1, column 9: a comma stands before"],
    ['{\n  "a" 1}', "1", "Line 2, column 7: a colon is missing"],
    ['{"a": 1 "b": 2}', '"', "Line 1, column 9: a comma or a closing bracket is missing"],
    ['{"a": sea}', "sea", "a text needs double quotes"],
    ["{'a': 1}", "'", "JSON has double quotes only"],
    ['{"a": "x', '"x', "something is not closed"],
    ['{"a": "\\q"}', "\\q", "an unknown escape"],
    ['{"a": 01}', "01", "this is no JSON value"],
    ['{"a": 1} x', "x", "the filter ends before this"],
    ["[1]", "[1]", "a filter is an object"],
    ['{"a": {"$gtt": 1}}', '"$gtt"', "there is no operator $gtt"],
    ['{"$eq": 1}', '"$eq"', "$eq needs a field"],
    ['{"a": {"b": 1}}', '"b"', "fields are not nested"],
    ['{"a": {"$gt": "x"}}', '"x"', "$gt takes a number"],
    ['{"a": {"$in": "x"}}', '"x"', "$in takes a list"],
    ['{"a": {"$in": [["x"]]}}', '["x"]', "$in takes a text"],
    ['{"a": {"$exists": 1}}', "1", "$exists takes true or false"],
    ['{"a": null}', "null", "no record holds null"],
    ['{"a": ["x"]}', '["x"]', "to match any value of a list"],
    ['{"a": {}}', "{}", "the field has no condition"],
    ['{"$and": []}', "[]", "$and takes a non-empty list"],
    ['{"$or": [{}]}', "{}", "an empty object matches everything"],
    ['{"a": {"$or": [{"b": 1}]}}', '"$or"', "$or joins whole conditions"],
    ['{"a": 1, "a": 2}', '"a"', "stands here twice"],
    ['{"a": 1e999}', "1e999", "numbers must be finite"],
  ])("%s is refused where it is wrong", (text, part, message) => {
    const found = first(text);
    expect(found?.[0]).toBe(part);
    expect(found?.[1]).toContain(message);
    expect(checkFilter(text).filter).toBeUndefined();
  });

  test("every problem is told, in order of place", () => {
    const { problems } = checkFilter('{"a": {"$gt": "x"}, "b": {"$nope": 1}, "c": null}');
    expect(problems).toHaveLength(3);
    expect(problems.map(({ start }) => start)).toEqual([...problems.map(({ start }) => start)].sort((a, b) => a - b));
  });

  test("what is nested too deep is refused without breaking", () => {
    expect(first("[".repeat(100_000))?.[1]).toContain("nested too deep");
    expect(first(`${'{"$and": ['.repeat(120)}{"a": 1}${"]}".repeat(120)}`)?.[1]).toContain("nested too deep");
  });
});

test("the parser agrees with JSON.parse on what is JSON", () => {
  const texts = [
    '"\\u00e9\\n"',
    "-0",
    "1e5",
    "1.",
    ".5",
    "-",
    "+1",
    "tru",
    "[1,2",
    "[1 2]",
    '{"a":[{}]}',
    "\u00a0{}",
    '"\t"',
    "0x1",
    "NaN",
    "1_0",
  ];
  for (const text of texts) {
    const parsed = (parse: (text: string) => unknown) => {
      try {
        parse(text);
        return true;
      } catch {
        return false;
      }
    };
    expect(parsed(parseJson), text).toBe(parsed(JSON.parse));
  }
});
