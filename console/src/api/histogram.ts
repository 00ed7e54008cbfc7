/** What the buckets of Prometheus' histograms tell. */

/** How many values lie at or below each bound, rising; the last bound is infinite. */
export type Buckets = ReadonlyArray<readonly [bound: number, count: number]>;

export interface Quantile {
  readonly value: number;
  /** It lies beyond the last finite bound: the value is that bound, and the truth is more. */
  readonly beyond: boolean;
}

/**
 * The value that this share of all values does not exceed, as Prometheus' `histogram_quantile` finds it: on a straight
 * line within its bucket, and from 0 in the first. Null where nothing was observed.
 */
export function quantile(share: number, of: Buckets): Quantile | null {
  const total = of.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const wanted = share * total;
  let [low, below] = [0, 0];
  for (const [bound, count] of of) {
    if (count >= wanted && count > below) {
      if (!Number.isFinite(bound)) break;
      return { value: low + ((bound - low) * (wanted - below)) / (count - below), beyond: false };
    }
    [low, below] = [bound, count];
  }
  return { value: low, beyond: true };
}
