import { describe, expect, test } from "vitest";
import type { Metadata, StoredRecord } from "../../api/records";
import { csvCell, csvLine } from "../../ui/files";
import { columnsOf, fieldsIn } from "./columns";
import { applied, changesOf, conflictsOf, draftsOf, inexactIn, metadataOf, metadataOfJson } from "./metadata";
import { batches, RecordRows, type Source } from "./rows";
import { wayOf } from "./save";
import { shortened } from "./shortened";
import { nextLimit } from "./source";
import { barsOf, factsOf, numbersOf, sparseOf } from "./vector";

const METADATA: Metadata = {
  text: "two\nlines",
  "": "nobody can name this",
  n: -1.5e-7,
  yes: false,
  tags: ["a\nb", "", "\\n", "plain"],
  none: [],
  lonely: [""],
};

describe("metadata", () => {
  test("comes out of the editor as it went in", () => {
    const { "": _, ...named } = METADATA;
    expect(metadataOf(draftsOf(named)).metadata).toEqual(named);
    expect(metadataOf(draftsOf(METADATA)).faults).toEqual(new Map([[1, "noName"]]));
  });

  test("of the editor is refused with the field that is wrong", () => {
    const drafts = [
      { name: "a", type: "number", text: "1e999" },
      { name: "$b", type: "string", text: "" },
      { name: "c", type: "string", text: "" },
      { name: "c", type: "string", text: "" },
    ] as const;
    expect(metadataOf(drafts).faults).toEqual(
      new Map([
        [0, "number"],
        [1, "dollar"],
        [3, "twice"],
      ]),
    );
  });

  test.each([
    ["[]", "object"],
    ['{"a": {"b": 1}}', "nested"],
    ['{"a": [1]}', "strings"],
    ['{"a": null}', "null"],
    ['{"$a": 1}', "dollar"],
    ['{"a": 1, "a": 2}', "twiceJson"],
    ['{"a": 1e999}', "finite"],
    ['{"a": tru}', "word"],
  ])("as JSON is refused: %s", (text, what) => {
    expect(metadataOfJson(text).problem?.what).toBe(what);
  });

  test("that changed is told apart from what did not, and goes onto what others wrote", () => {
    const before = { a: 1, b: "x", c: ["1"] };
    const changes = changesOf(before, { a: 1, b: "y", d: true });
    expect(changes).toEqual({ set: { b: "y", d: true }, removed: ["c"] });
    expect(applied({ a: 2, b: "x", c: ["1"], e: "new" }, changes)).toEqual({ a: 2, b: "y", d: true, e: "new" });
    expect(conflictsOf(changes, before, { a: 2, b: "x", c: ["1"] })).toEqual([]);
    expect(conflictsOf(changes, before, { a: 1, b: "z" })).toEqual(["b", "c"]);
  });

  test("is saved by an update, unless a field goes or the embedded text changes", () => {
    expect(wayOf({ a: 1 }, { a: 1 }, "text")).toBe("nothing");
    expect(wayOf({ a: 1 }, { a: 2 }, "text")).toBe("update");
    expect(wayOf({ a: 1, b: 2 }, { a: 1 }, undefined)).toBe("rewrite");
    expect(wayOf({ text: "x", b: 2 }, { text: "y" }, "text")).toBe("embed");
  });

  test("with integers that a browser would round is known", () => {
    expect(inexactIn(JSON.parse('{"a": 9007199254740993, "b": 1e300, "c": 5, "d": "9007199254740993"}'))).toEqual([
      "a",
    ]);
  });
});

test("cells that a spreadsheet would run get an apostrophe, numbers and other texts do not", () => {
  expect(["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=1", "", " =1"].map(csvCell)).toEqual([
    "'=1+1",
    "'+1",
    "'-1",
    "'@x",
    "'\tx",
    `"'\rx"`,
    "a=1",
    "",
    " =1",
  ]);
  expect(csvLine(["a,b", 'say "x"', -5, true, ["=x", "y"], undefined])).toBe(
    '"a,b","say ""x""",-5,true,"[""=x"",""y""]",\r\n',
  );
});

test("code is shortened for eyes only where there are many numbers", () => {
  const numbers = Array.from({ length: 40 }, (_, at) => at / 3 - 5);
  expect(shortened(`x = [${numbers.join(", ")}]`)).toMatch(/^x = \[-5, -4\.6\d+, -4\.3\d+, -4, … 36 more\]$/);
  expect(shortened("[1, 2, 3]")).toBe("[1, 2, 3]");
});

describe("vectors", () => {
  test("are read as people paste them", () => {
    expect(numbersOf("[1, 2.5\n-3e-2]")).toEqual({ numbers: [1, 2.5, -0.03] });
    expect(numbersOf("1, two").wrong).toBe("two");
    expect(sparseOf("12: 0.5\n7:1")).toEqual({ indices: [12, 7], values: [0.5, 1] });
    expect(sparseOf("12: 0.5, x").wrong).toBe("x");
  });

  test("of 20,000 numbers are a few bars", () => {
    const values = Array.from({ length: 20_000 }, (_, at) => (at === 777 ? -4 : 1));
    const bars = barsOf(values, 96);
    expect(bars).toHaveLength(96);
    expect(Math.min(...bars)).toBe(-1);
    expect(factsOf([3, -4])).toEqual({ norm: 5, least: -4, most: 3 });
    expect(barsOf([0, 0], 96)).toEqual([0, 0]);
  });
});

test("pages by filter grow until their JSON has a few megabytes", () => {
  const record = (length: number): StoredRecord => ({ id: "x", values: [], metadata: { text: "x".repeat(length) } });
  expect(nextLimit(200, [record(100)], 8)).toBe(800);
  expect(nextLimit(3200, [record(20)], 8)).toBe(10_000);
  expect(nextLimit(200, [record(100)], 1024)).toBe(351);
  expect(nextLimit(200, [record(40_000)], 8)).toBe(99);
  expect(nextLimit(1, [], 20_000)).toBe(4);
});

test("columns are those of the address, or the most frequent fields", () => {
  const rows = [
    { id: "1", metadata: { a: 1, b: 1 } },
    { id: "2", metadata: { b: 1 } },
  ];
  const known = fieldsIn(undefined, rows, "text");
  expect(known).toEqual(["text", "b", "a"]);
  expect(columnsOf('["a"]', known)).toEqual(["a"]);
  expect(columnsOf("[]", known)).toEqual([]);
  expect(columnsOf("{nonsense", known)).toEqual(known);
});

describe("the rows of a long list", () => {
  const COUNT = 1000;
  const idOf = (at: number) => `id-${String(at).padStart(4, "0")}`;
  const recordOf = (id: string): StoredRecord => ({ id, values: [1, 2], metadata: { id } });

  class Listed implements Source {
    readonly batch = 20;
    asked: string[][] = [];
    aborted = 0;
    waiting: Array<() => void> = [];
    constructor(private readonly slow = false) {}

    async page(token: string | undefined) {
      const start = Number(token ?? 0);
      const ids = Array.from({ length: Math.min(100, COUNT - start) }, (_, at) => idOf(start + at));
      return { ids, next: start + 100 < COUNT ? String(start + 100) : undefined };
    }

    async records(ids: readonly string[], signal: AbortSignal) {
      this.asked.push([...ids]);
      if (this.slow) {
        await new Promise<void>((resolve, reject) => {
          this.waiting.push(resolve);
          signal.addEventListener("abort", () => {
            this.aborted += 1;
            reject(new DOMException("", "AbortError"));
          });
        });
      }
      return ids.filter((id) => id !== idOf(3)).map(recordOf);
    }
  }

  const settled = () => new Promise((resolve) => setTimeout(resolve, 80));

  test("are listed as far as somebody looked, and read only where they are in sight", async () => {
    const source = new Listed();
    const rows = new RecordRows(source, () => {});
    rows.want(0, 29);
    await settled();
    expect(rows.ids).toHaveLength(200);
    expect(source.asked.flat()).toEqual(Array.from({ length: 30 }, (_, at) => idOf(at)));
    expect(rows.at(5)).toEqual({ id: idOf(5), metadata: { id: idOf(5) } });
    expect(rows.at(3)).toBeNull();
    expect(rows.at(40)).toBeUndefined();
    rows.want(950, 999);
    await settled();
    expect(rows.done).toBe(true);
    expect(rows.ids).toHaveLength(COUNT);
    expect(source.asked.flat()).toHaveLength(80);
  });

  test("are no longer asked for once they are out of sight", async () => {
    const source = new Listed(true);
    const rows = new RecordRows(source, () => {});
    rows.want(0, 19);
    await settled();
    rows.want(500, 519);
    await settled();
    expect(source.aborted).toBe(1);
    expect(source.asked.at(-1)?.[0]).toBe(idOf(500));
    rows.stop();
    await settled();
    expect(source.aborted).toBe(2);
    expect(rows.error).toBeUndefined();
  });

  test("are forgotten when they are deleted, and an error waits for another try", async () => {
    const source = new Listed();
    const rows = new RecordRows(source, () => {});
    rows.want(0, 9);
    await settled();
    rows.remove(new Set([idOf(0), idOf(2)]));
    expect(rows.ids.slice(0, 2)).toEqual([idOf(1), idOf(3)]);
    source.records = () => Promise.reject(new Error("gone"));
    rows.want(100, 110);
    await settled();
    expect(rows.error).toEqual(new Error("gone"));
  });

  test("are asked for in groups that fit an address", () => {
    const ids = Array.from({ length: 10 }, (_, at) => "é".repeat(at === 4 ? 3000 : 10));
    const groups = batches(ids, 4, 1000);
    expect(groups.flat()).toEqual(ids);
    expect(groups.map((group) => group.length)).toEqual([4, 1, 4, 1]);
  });
});
