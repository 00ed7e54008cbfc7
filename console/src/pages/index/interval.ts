/** Where a recall, its interval and its target lie on a scale that shows them apart. */

export interface Scale {
  /** Recall at the left end; the right end is 1. */
  readonly from: number;
  /** Share of the width, 0 to 1. */
  readonly at: (recall: number) => number;
}

const STEPS = [0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0];

/** The narrowest scale that holds all of these with some room at the left. */
export function scaleOf(recalls: readonly number[]): Scale {
  const least = Math.min(1, ...recalls);
  const from = STEPS.find((step) => step <= least - (1 - least) * 0.15) ?? 0;
  return { from, at: (recall) => Math.min(1, Math.max(0, (recall - from) / (1 - from))) };
}
