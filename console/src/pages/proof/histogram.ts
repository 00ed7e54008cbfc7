/** Histograms of Prometheus, and the quantiles that their buckets tell. Pure functions. */

import type { Sample } from "../../api/prometheus";

export interface Histogram {
  /** Upper ends of the buckets, rising; the last one is infinite. */
  readonly ends: readonly number[];
  /** How many values lie in each bucket. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** The histograms of a family by one of its labels, summed over the others: the one with the most values first. */
export function histograms(samples: readonly Sample[], family: string, by: string): ReadonlyArray<[string, Histogram]> {
  const reached = new Map<string, Map<number, number>>();
  const sums = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    const key = labels[by];
    if (key === undefined) continue;
    if (name === `${family}_sum`) sums.set(key, (sums.get(key) ?? 0) + value);
    if (name !== `${family}_bucket`) continue;
    const end = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
    if (Number.isNaN(end)) continue;
    const ends = reached.get(key) ?? new Map<number, number>();
    ends.set(end, (ends.get(end) ?? 0) + value);
    reached.set(key, ends);
  }
  return [...reached]
    .map(([key, ends]): [string, Histogram] => [key, histogram(ends, sums.get(key) ?? 0)])
    .filter(([, { count }]) => count > 0)
    .sort(([, one], [, other]) => other.count - one.count);
}

/** Prometheus counts what lies at or below each end; here it is what lies between two ends. */
function histogram(reached: ReadonlyMap<number, number>, sum: number): Histogram {
  const rows = [...reached].sort(([one], [other]) => one - other);
  const counts = rows.map(([, value], at) => Math.max(0, value - (rows[at - 1]?.[1] ?? 0)));
  return { ends: rows.map(([end]) => end), counts, count: rows.at(-1)?.[1] ?? 0, sum };
}

export interface Quantile {
  readonly value: number;
  /** It lies beyond the last finite end: the value is that end, and the truth is more. */
  readonly beyond: boolean;
}

/**
 * The value that this share of all values does not exceed, as Prometheus' `histogram_quantile` finds it: on a straight
 * line within its bucket, and from 0 in the first. NaN without values.
 */
export function quantile({ ends, counts, count }: Histogram, share: number): Quantile {
  if (count === 0) return { value: Number.NaN, beyond: false };
  const rank = share * count;
  let below = 0;
  for (const [at, end] of ends.entries()) {
    const inside = counts[at] ?? 0;
    if (below + inside >= rank && inside > 0) {
      const start = ends[at - 1] ?? 0;
      if (end === Number.POSITIVE_INFINITY) return { value: start, beyond: true };
      return { value: start + ((end - start) * (rank - below)) / inside, beyond: false };
    }
    below += inside;
  }
  return { value: Number.NaN, beyond: false };
}

/** The buckets between the first and the last that hold anything. */
export function occupied({ ends, counts }: Histogram): ReadonlyArray<{ end: number; start: number; count: number }> {
  const first = counts.findIndex((value) => value > 0);
  const last = counts.findLastIndex((value) => value > 0);
  if (first < 0) return [];
  return ends.slice(first, last + 1).map((end, at) => ({
    end,
    start: ends[first + at - 1] ?? 0,
    count: counts[first + at] ?? 0,
  }));
}
