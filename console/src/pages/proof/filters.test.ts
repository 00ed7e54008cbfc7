import { describe, expect, it } from "vitest";
import type { FieldInfo } from "../../api/fields";
import { choices } from "./filters";

const field = (name: string, more: Partial<FieldInfo>): FieldInfo => ({
  name,
  types: ["string"],
  records: 20_000,
  distinct: null,
  least: null,
  most: null,
  values: [],
  ...more,
});
const CLUSTER = field("cluster", {
  distinct: 40,
  values: Array.from({ length: 40 }, (_, at) => ({ value: `c${at}`, records: 500 })),
});
const PART = field("part", { types: ["number"], distinct: 1_000, least: 0, most: 999 });
const EVEN = field("even", {
  types: ["boolean"],
  distinct: 2,
  values: [
    { value: true, records: 10_000 },
    { value: false, records: 10_000 },
  ],
});

describe("filters of falling share", () => {
  const found = choices([CLUSTER, PART, EVEN], 20_000);

  it("begin with no filter and fall from there", () => {
    expect(found[0]).toEqual({ filter: undefined, name: "", share: 1 });
    const shares = found.map(({ share }) => share);
    expect(shares).toEqual([...shares].sort((one, other) => other - one));
    expect(shares.length).toBeGreaterThanOrEqual(8);
    expect(shares.at(-1)).toBeLessThan(0.002);
  });

  it("are equal to a value, a range of numbers, or two of them, each once", () => {
    const names = found.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("even = true");
    expect(names.some((name) => /^part < \d+(\.\d+)?$/.test(name))).toBe(true);
    expect(found.some(({ filter }) => JSON.stringify(filter)?.includes("$eq"))).toBe(true);
  });

  it("combine two fields where one does not keep few enough", () => {
    const combined = choices([CLUSTER, EVEN], 20_000).map(({ name }) => name);
    expect(combined.some((name) => name.includes(" & "))).toBe(true);
    expect(combined.some((name) => /^(\w+) = .* & \1 = /.test(name))).toBe(false);
  });

  it("are none but the one without a condition where there is no field, or nothing", () => {
    expect(choices([], 20_000)).toHaveLength(1);
    expect(choices([CLUSTER], 0)).toHaveLength(1);
    expect(choices([field("text", {})], 100)).toHaveLength(1);
  });

  it("ask for no less than a record", () => {
    for (const { share } of choices([PART], 150)) expect(share * 150).toBeGreaterThanOrEqual(1);
  });

  it("take names and values as they are", () => {
    const [, one] = choices([field("<b>", { values: [{ value: "</script>", records: 10_000 }] })], 20_000);
    expect(one?.filter).toEqual({ "<b>": { $eq: "</script>" } });
  });
});
