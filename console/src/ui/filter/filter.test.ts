import { describe, expect, test } from "vitest";
import { conditionOn, type Filter, filterOf, isObject, type Rows, rowsOf, withOperator } from "./filter";

type Stored = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What the database does, as docs/filters.md tells it. */
function matches(filter: Filter, record: Stored): boolean {
  return Object.entries(filter).every(([key, value]) => {
    if (key === "$and") return (value as Filter[]).every((part) => matches(part, record));
    if (key === "$or") return (value as Filter[]).some((part) => matches(part, record));
    const operators = isObject(value) ? value : { $eq: value };
    return Object.entries(operators).every(([operator, operand]) => holds(record[key], operator, operand));
  });
}

function holds(stored: Stored[string] | undefined, operator: string, operand: unknown): boolean {
  if (operator === "$exists") return (stored !== undefined) === operand;
  if (stored === undefined) return false;
  const values: readonly unknown[] = Array.isArray(stored) ? stored : [stored];
  if (operator === "$eq") return values.includes(operand);
  if (operator === "$ne") return !values.includes(operand);
  if (operator === "$in") return values.some((value) => (operand as unknown[]).includes(value));
  if (operator === "$nin") return !values.some((value) => (operand as unknown[]).includes(value));
  if (typeof stored !== "number") return false;
  const bound = operand as number;
  return { $gt: stored > bound, $gte: stored >= bound, $lt: stored < bound, $lte: stored <= bound }[operator] ?? false;
}

/** Numbers in 0..1, the same ones in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const FIELDS = ["a", "b", "1", "__proto__"];
const VALUES = ["x", "y", "", "1", 1, 2.5, -3, true, false] as const;

function someFilter(random: () => number, depth: number): Filter {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const some = <T>(make: () => T, least: number) => Array.from({ length: least + Math.floor(random() * 3) }, make);
  const condition = (): unknown => {
    const operator = pick(["$eq", "$ne", "$gt", "$lte", "$in", "$nin", "$exists", "bare"]);
    if (operator === "bare") return pick(VALUES);
    if (operator === "$exists") return { $exists: pick([true, false]) };
    if (operator === "$in" || operator === "$nin") return { [operator]: some(() => pick(VALUES), 0) };
    if (operator === "$gt") return { $gt: pick([0, 1, 2]), $lt: pick([2, 3, 4]) };
    return { [operator]: operator === "$lte" ? pick([0, 1, 2.5]) : pick(VALUES) };
  };
  const made: Array<readonly [string, unknown]> = [];
  if (depth > 0 && random() < 0.5) made.push([pick(["$and", "$or"]), some(() => someFilter(random, depth - 1), 1)]);
  if (!made.length || random() < 0.4) for (const field of some(() => pick(FIELDS), 1)) made.push([field, condition()]);
  return Object.fromEntries(made);
}

describe("a filter becomes rows and a filter again", () => {
  const random = seeded(6);
  const records = Array.from({ length: 60 }, (): Stored => {
    const stored = FIELDS.filter(() => random() < 0.7).map((field) => {
      const value = VALUES[Math.floor(random() * VALUES.length)] as string | number | boolean;
      return [field, random() < 0.2 ? ["x", "z"] : value] as const;
    });
    return Object.fromEntries(stored);
  });

  test("that matches the same records, for 2,000 filters of every kind", () => {
    let asRows = 0;
    for (let round = 0; round < 2000; round++) {
      const filter = someFilter(random, 3);
      const rows = rowsOf(filter);
      const { filter: again, wrong } = filterOf(rows);
      expect(wrong).toEqual([]);
      expect(again, JSON.stringify(filter)).toBeDefined();
      const told = records.find((record) => matches(again as Filter, record) !== matches(filter, record));
      if (told) expect.fail(JSON.stringify({ filter, again, told }));
      asRows += Number(rows.items.every(({ kind }) => kind !== "raw"));
    }
    expect(asRows).toBeGreaterThan(500);
  });
});

describe("rows", () => {
  test("that all must hold become one object, and $and where a field is compared twice alike", () => {
    const rows = rowsOf({ year: { $gte: 1990, $lt: 2000 }, topic: "sea" });
    expect(rows.items.map((item) => item.kind === "condition" && item.operator)).toEqual(["$gte", "$lt", "$eq"]);
    expect(filterOf(rows).filter).toEqual({ year: { $gte: 1990, $lt: 2000 }, topic: { $eq: "sea" } });
    const twice: Rows = { join: "and", items: [...rows.items, ...rowsOf({ topic: "space" }).items] };
    expect(filterOf(twice).filter).toEqual({
      $and: [{ year: { $gte: 1990 } }, { year: { $lt: 2000 } }, { topic: { $eq: "sea" } }, { topic: { $eq: "space" } }],
    });
  });

  test("hold one level of groups; what is deeper is kept as JSON", () => {
    const deep = { $or: [{ a: 1 }, { $and: [{ b: 2 }, { $or: [{ c: 3 }, { d: 4 }] }] }] };
    const rows = rowsOf(deep);
    expect(rows.items.map(({ kind }) => kind)).toEqual(["condition", "group"]);
    const group = rows.items[1];
    expect(group?.kind === "group" && group.items.map(({ kind }) => kind)).toEqual(["condition", "raw"]);
    expect(filterOf(rows).filter).toEqual({
      $or: [{ a: { $eq: 1 } }, { $and: [{ b: { $eq: 2 } }, { $or: [{ c: 3 }, { d: 4 }] }] }],
    });
  });

  test("that are unfinished make no filter and say which and why", () => {
    const empty = conditionOn("");
    const noValue = conditionOn("topic");
    const noNumber = { ...conditionOn("year"), values: [{ type: "number", text: "19x" }] } as const;
    const noValues = withOperator(conditionOn("topic"), "$in");
    expect(filterOf({ join: "and", items: [empty] })).toEqual({ wrong: [] });
    expect(filterOf({ join: "and", items: [empty, noValue, noNumber, noValues] }).wrong).toEqual([
      { at: [1], reason: "value" },
      { at: [2], reason: "number" },
      { at: [3], reason: "values" },
    ]);
    expect(filterOf({ join: "and", items: [{ kind: "group", join: "or", items: [noNumber] }] }).wrong).toEqual([
      { at: [0, 0], reason: "number" },
    ]);
    expect(
      filterOf({ join: "and", items: [{ ...conditionOn("$and"), values: [{ type: "string", text: "x" }] }] }).wrong,
    ).toEqual([{ at: [0], reason: "operatorName" }]);
  });

  test("keep their value when the comparison changes, where it can take it", () => {
    const topic = { ...conditionOn("topic"), values: [{ type: "string", text: "sea" }] } as const;
    expect(withOperator(topic, "$nin").values).toEqual(topic.values);
    expect(withOperator(topic, "$gt").values).toEqual([{ type: "number", text: "" }]);
    expect(withOperator(topic, "$exists").values).toEqual([{ type: "boolean", text: "true" }]);
  });
});
