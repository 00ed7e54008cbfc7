import { describe, expect, it } from "vitest";
import { bootstrap, mayFail, overlap, random, sample } from "./recall";

const ranked = (text: string, scores: readonly number[]) =>
  [...text].map((id, place) => ({ id, score: scores[place] ?? 0 }));

describe("recall of one answer", () => {
  it("is the share of the exact answer that was found, with the ids that were not", () => {
    const exact = ranked("abcd", [0.9, 0.8, 0.7, 0.6]);
    expect(
      overlap(
        ranked(
          "abxd",
          [0.9, 0.8, 0.65, 0.6].map((s, at) => (at === 2 ? 0.5 : s)),
        ),
        exact,
      ),
    ).toEqual({
      recall: 0.75,
      missed: ["c"],
    });
    expect(overlap(exact, exact)).toEqual({ recall: 1, missed: [] });
    expect(overlap([], exact)).toEqual({ recall: 0, missed: ["a", "b", "c", "d"] });
  });

  it("does not count a tie for the last place as missed", () => {
    const exact = ranked("abc", [0.9, 0.8, 0.7]);
    expect(overlap(ranked("abz", [0.9, 0.8, 0.7]), exact)).toEqual({ recall: 1, missed: [] });
  });

  it("knows that the smallest distance is best", () => {
    const exact = ranked("abc", [0.1, 0.2, 0.3]);
    expect(overlap(ranked("abz", [0.1, 0.2, 0.4]), exact)).toEqual({ recall: 2 / 3, missed: ["c"] });
    expect(overlap(ranked("abz", [0.1, 0.2, 0.3]), exact).recall).toBe(1);
  });

  it("is 1 where nothing could be found", () => {
    expect(overlap([], [])).toEqual({ recall: 1, missed: [] });
  });
});

describe("the interval of the mean", () => {
  it("holds the mean, and the true mean in about 95 of 100 samples", () => {
    let held = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const draw = random(seed);
      const values = Array.from({ length: 80 }, () => (draw() < 0.2 ? 0.9 : 1)); // true mean 0.98
      const { mean, low, high } = bootstrap(values, seed);
      expect(low).toBeLessThanOrEqual(mean);
      expect(high).toBeGreaterThanOrEqual(mean);
      if (low <= 0.98 && 0.98 <= high) held += 1;
    }
    expect(held / 200).toBeGreaterThan(0.88);
    expect(held / 200).toBeLessThan(0.99);
  });

  it("is the same for the same values", () => {
    expect(bootstrap([1, 0.9, 0.8, 1], 3)).toEqual(bootstrap([1, 0.9, 0.8, 1], 3));
  });

  it("is a point where all values are equal; then the rule of three says how much may be hidden", () => {
    expect(bootstrap([1, 1, 1])).toEqual({ mean: 1, low: 1, high: 1 });
    expect(mayFail(100)).toBeCloseTo(0.0295, 3);
    expect(mayFail(0)).toBe(1);
  });
});

describe("samples", () => {
  it("draws each item at most once, the same for the same seed", () => {
    const items = Array.from({ length: 50 }, (_, at) => at);
    const drawn = sample(items, 20, 5);
    expect(new Set(drawn).size).toBe(20);
    expect(drawn).toEqual(sample(items, 20, 5));
    expect(drawn).not.toEqual(sample(items, 20, 6));
    expect(sample(items, 90, 5).sort((a, b) => a - b)).toEqual(items);
  });
});
