import { describe, expect, it } from "vitest";
import type { Quality } from "../../api/indexes";
import type { Plan } from "../../api/search";
import { problems } from "./problems";

const GOOD: Quality = {
  recall: 0.995,
  low: 0.992,
  high: 0.998,
  label: "measured",
  target: 0.99,
  holds: true,
  effort: 1,
  checked: 400,
  exactShare: 0,
};
const PLAN: Plan = {
  kind: "scan",
  reason: "codes, then the best rescored",
  records: 20_000,
  matching: 20_000,
  candidates: 120,
  exact: false,
  milliseconds: {},
  recall: 0.995,
  low: 0.992,
  high: 0.998,
  label: "measured",
  effort: 1,
  shortage: "",
  fusion: null,
};
const of = (quality: Partial<Quality>, plan: Partial<Plan> = {}, ready = true) =>
  problems({ readings: [{ at: 0, quality: { ...GOOD, ...quality } }], plan: { ...PLAN, ...plan }, ready });

describe("problems of recall", () => {
  it("are none while the contract is kept", () => {
    expect(of({})).toEqual([]);
    expect(problems({ readings: [], plan: undefined, ready: true })).toEqual([]);
  });

  it("are a broken contract, an effort that is high or exhausted, and what is not measured yet", () => {
    expect(of({ holds: false, recall: 0.98, effort: 70 })).toEqual(["missed", "exhausted"]);
    expect(of({ holds: false, recall: 0.992, low: 0.985 })).toEqual(["unproven"]);
    expect(of({ effort: 12 })).toEqual(["laborious"]);
    expect(of({ label: "estimate", holds: null })).toEqual(["unmeasured"]);
  });

  it("are an index that is being built and a lack of memory", () => {
    const exact = { kind: "exact", reason: "small, or no codes yet: every record is scored" };
    expect(of({}, exact)).toEqual(["codeless"]);
    const graph = { readings: [], plan: PLAN, ready: true, kind: "hnsw m 32" };
    expect(problems(graph)).toEqual(["building"]);
    expect(problems({ ...graph, plan: { ...PLAN, kind: "hnsw" } })).toEqual([]);
    expect(of({}, { ...exact, records: 300 })).toEqual([]);
    expect(of({}, {}, false)).toEqual(["building"]);
    expect(of({}, { shortage: "memory budget 64 MiB: no graph" })).toEqual(["shortage"]);
  });

  it("are a fall that chance does not explain", () => {
    const fell = { ...GOOD, recall: 0.97, low: 0.96, high: 0.98 };
    const readings = [
      { at: 0, quality: GOOD },
      { at: 5, quality: fell },
    ];
    expect(problems({ readings, plan: PLAN, ready: true })).toEqual(["falling"]);
    const wide = { ...fell, high: 0.993 };
    expect(
      problems({
        readings: [
          { at: 0, quality: GOOD },
          { at: 5, quality: wide },
        ],
        plan: PLAN,
        ready: true,
      }),
    ).toEqual([]);
  });
});
