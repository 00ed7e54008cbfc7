/** Records that are nearly another one, and records that are far from all: both by the distance to the nearest. */

export interface Odd {
  readonly at: number;
  readonly distance: number;
}

/** The places that have a distance, the least first. */
export function byDistance(nearest: ReadonlyArray<number | null>): readonly Odd[] {
  return nearest
    .flatMap((distance, at): Odd[] => (distance === null ? [] : [{ at, distance }]))
    .sort((one, other) => one.distance - other.distance || one.at - other.at);
}

/** The usual distance: the median. sorted: as of `byDistance`. */
export function usual(sorted: readonly Odd[]): number {
  return sorted[Math.floor((sorted.length - 1) / 2)]?.distance ?? 0;
}

/** Those with another record at most this far away. */
export function twins(sorted: readonly Odd[], threshold: number): readonly Odd[] {
  const end = sorted.findIndex(({ distance }) => distance > threshold);
  return end < 0 ? sorted : sorted.slice(0, end);
}

/** The farthest first. */
export function outliers(sorted: readonly Odd[], most: number): readonly Odd[] {
  return sorted.slice(-most).reverse();
}

/** A distance for a slider's place between 0 and 1: small distances have most of the way. */
export function threshold(share: number, sorted: readonly Odd[]): number {
  return usual(sorted) * share ** 2;
}
