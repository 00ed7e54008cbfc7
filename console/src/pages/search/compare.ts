/** How two lists of results differ. */

interface Ranked {
  readonly id: string;
}

/** Members of both among the first k, and k: the length of the longer list. */
export function overlap(
  one: readonly Ranked[],
  other: readonly Ranked[],
): { readonly common: number; readonly k: number } {
  const ids = new Set(one.map(({ id }) => id));
  return { common: other.filter(({ id }) => ids.has(id)).length, k: Math.max(one.length, other.length) };
}

/** Where a record stood: how many places it rose (or fell, below 0), or "new". Same place: 0. */
export type Move = number | "new";

export function moves(now: readonly Ranked[], before: readonly Ranked[]): ReadonlyMap<string, Move> {
  const places = new Map(before.map(({ id }, place) => [id, place]));
  return new Map(
    now.map(({ id }, place) => {
      const former = places.get(id);
      return [id, former === undefined ? "new" : former - place];
    }),
  );
}

/** Lengths of bars for scores: the largest has 1. Bars of distances are the shorter, the nearer. */
export function lengths(scores: readonly number[]): readonly number[] {
  const most = Math.max(...scores.map(Math.abs), Number.MIN_VALUE);
  return scores.map((score) => Math.abs(score) / most);
}
