/** The histograms of one family by a label. Pure functions. */

import type { Buckets } from "../../api/histogram";
import type { Sample } from "../../api/prometheus";

export interface Histogram {
  readonly buckets: Buckets;
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
    .map(([key, ends]): [string, Histogram] => {
      const buckets = [...ends].sort(([one], [other]) => one - other);
      return [key, { buckets, count: buckets.at(-1)?.[1] ?? 0, sum: sums.get(key) ?? 0 }];
    })
    .filter(([, { count }]) => count > 0)
    .sort(([, one], [, other]) => other.count - one.count);
}

/** The buckets between the first and the last that hold anything, with what lies in each. */
export function occupied(of: Buckets): ReadonlyArray<{ end: number; start: number; count: number }> {
  const each = of.map(([end, reached], at) => {
    const [start, below] = of[at - 1] ?? [0, 0];
    return { end, start, count: Math.max(0, reached - below) };
  });
  const holds = ({ count }: { count: number }) => count > 0;
  return each.slice(each.findIndex(holds), each.findLastIndex(holds) + 1);
}
