/** Vectors in the plane: their two principal components, by power iteration. */

const ROUNDS = 40;

/** [x, y] of each row, within -1 and 1. */
export function plane(rows: readonly Float32Array[]): ReadonlyArray<readonly [number, number]> {
  const numbers = rows[0]?.length ?? 0;
  const mean = new Float64Array(numbers);
  for (const row of rows)
    for (let at = 0; at < numbers; at += 1) mean[at] = (mean[at] ?? 0) + (row[at] ?? 0) / rows.length;
  const centred = rows.map((row) => Float64Array.from(row, (value, at) => value - (mean[at] ?? 0)));
  const first = component(centred, numbers, undefined);
  const second = component(centred, numbers, first);
  const [x, y] = [first, second].map((axis) => scaled(centred.map((row) => product(row, axis))));
  return rows.map((_row, at) => [x?.[at] ?? 0, y?.[at] ?? 0] as const);
}

/** The direction of the greatest variance, square to another one where that is given. */
function component(rows: readonly Float64Array[], numbers: number, other: Float64Array | undefined): Float64Array {
  let axis = Float64Array.from({ length: numbers }, (_one, at) => Math.sin(at + 1));
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = new Float64Array(numbers);
    for (const row of rows) {
      const along = product(row, axis);
      for (let at = 0; at < numbers; at += 1) next[at] = (next[at] ?? 0) + along * (row[at] ?? 0);
    }
    if (other) {
      const along = product(next, other);
      for (let at = 0; at < numbers; at += 1) next[at] = (next[at] ?? 0) - along * (other[at] ?? 0);
    }
    const length = Math.sqrt(product(next, next));
    if (length === 0) return next;
    axis = next.map((value) => value / length);
  }
  return axis;
}

function product(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
}

function scaled(values: readonly number[]): readonly number[] {
  const most = Math.max(...values.map(Math.abs), 1e-12);
  return values.map((value) => value / most);
}
