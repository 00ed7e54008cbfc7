/** The three ways in which an index can say how alike two vectors are. */

export const METRICS = ["cosine", "dotproduct", "euclidean"] as const;
export type Metric = (typeof METRICS)[number];

/** Larger is more alike. A euclidean distance is told as its negative. */
export function score(metric: Metric, one: Float32Array, other: Float32Array): number {
  let [product, first, second, apart] = [0, 0, 0, 0];
  for (let at = 0; at < one.length; at += 1) {
    const [a, b] = [one[at] ?? 0, other[at] ?? 0];
    product += a * b;
    first += a * a;
    second += b * b;
    apart += (a - b) ** 2;
  }
  if (metric === "dotproduct") return product;
  return metric === "cosine" ? product / (Math.sqrt(first * second) || 1) : -Math.sqrt(apart);
}

/** Rows by score, best first. */
export function ranked(metric: Metric, query: Float32Array, vectors: readonly Float32Array[]): readonly number[] {
  const scores = vectors.map((vector) => score(metric, query, vector));
  return scores
    .map((_score, row) => row)
    .sort((one, other) => (scores[other] ?? 0) - (scores[one] ?? 0) || one - other);
}

export function longer(vector: Float32Array, times: number): Float32Array {
  return vector.map((value) => value * times);
}
