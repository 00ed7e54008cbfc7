/** Recall of one answer, and what is known of its mean. Pure functions. */

import type { Hit } from "../../api/search";

/** A result: of an answer, only ids and scores are compared. */
export type Match = Pick<Hit, "id" | "score">;

const RESAMPLES = 2000;
const OUTSIDE = 0.05;

export interface Overlap {
  /** Share of the places of the exact answer that the other one filled as well. */
  readonly recall: number;
  readonly missed: readonly string[];
}

/**
 * How much of the exact answer another answer found. A result counts when the exact answer has it, or when its score is
 * as good as the last one there: of records that are equally near, either is right.
 */
export function overlap(found: readonly Match[], exact: readonly Match[]): Overlap {
  const first = exact[0];
  const last = exact.at(-1);
  if (!first || !last) return { recall: 1, missed: [] };
  const rising = last.score > first.score; // distances: the smallest is best
  const known = new Set(exact.map(({ id }) => id));
  const asGood = ({ score }: Match) => (rising ? score <= last.score : score >= last.score);
  const hits = found.filter((match) => known.has(match.id) || asGood(match)).length;
  if (hits >= exact.length) return { recall: 1, missed: [] };
  const had = new Set(found.map(({ id }) => id));
  return { recall: hits / exact.length, missed: exact.map(({ id }) => id).filter((id) => !had.has(id)) };
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Mean and its 95 % interval by the percentile bootstrap (Efron 1979): the same values give the same interval. */
export function bootstrap(values: readonly number[], seed = 1): Interval {
  const count = values.length;
  if (count === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN };
  const draw = random(seed);
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let turn = 0; turn < count; turn += 1) sum += values[Math.floor(draw() * count)] ?? 0;
    return sum / count;
  }).sort((one, other) => one - other);
  const at = (share: number) => means[Math.min(RESAMPLES - 1, Math.floor(share * RESAMPLES))] ?? Number.NaN;
  return { mean: mean(values), low: at(OUTSIDE / 2), high: at(1 - OUTSIDE / 2) };
}

/** When none of `count` trials failed: the share that may fail after all, with 95 % confidence (rule of three). */
export function mayFail(count: number): number {
  return count > 0 ? 1 - OUTSIDE ** (1 / count) : 1;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** `count` of the items, each at most once, in an order that the seed decides. */
export function sample<Item>(items: readonly Item[], count: number, seed: number): Item[] {
  const draw = random(seed);
  const rest = [...items];
  const wanted = Math.min(count, rest.length);
  for (let at = 0; at < wanted; at += 1) {
    const other = at + Math.floor(draw() * (rest.length - at));
    const [one, two] = [rest[at] as Item, rest[other] as Item];
    rest[at] = two;
    rest[other] = one;
  }
  return rest.slice(0, wanted);
}
