/** A small navigable graph and the search on it, for watching. Malkov et al., "Approximate nearest neighbor algorithm
 * based on navigable small world graphs" (2014); the search is that of a layer of HNSW (2016, algorithm 2). */

export interface Graph {
  /** Rows that each row is linked with. */
  readonly links: ReadonlyArray<readonly number[]>;
  /** Where every search begins. */
  readonly entry: number;
}

export interface Walk {
  /** Rows that were compared with the query, in that order. */
  readonly scored: readonly number[];
  /** The best of them, best first; at most ef. */
  readonly found: readonly number[];
}

/** Similarities of rows, by row and row. */
export type Likeness = (one: number, other: number) => number;

/** Links each row with its nearest among those that came before it. order: of arrival; the early ones get the long links. */
export function build(order: readonly number[], like: Likeness, degree: number): Graph {
  const links: number[][] = order.map(() => []);
  order.forEach((row, at) => {
    const near = order
      .slice(0, at)
      .sort((one, other) => like(row, other) - like(row, one))
      .slice(0, degree);
    for (const other of near) {
      links[row]?.push(other);
      links[other]?.push(row);
    }
  });
  return { links, entry: order[0] ?? 0 };
}

/** Walks from the entry to ever nearer rows, and remembers the `ef` best; ends when the next is worse than all of them. */
export function walk(graph: Graph, query: number, like: Likeness, ef: number): Walk {
  const seen = new Set([graph.entry]);
  const scored = [graph.entry];
  const nearer = (one: number, other: number) => like(query, other) - like(query, one);
  const waiting = [graph.entry];
  let best = [graph.entry];
  for (;;) {
    waiting.sort(nearer);
    const next = waiting.shift();
    const worst = best.at(-1);
    if (next === undefined || worst === undefined) break;
    if (best.length >= ef && like(query, next) < like(query, worst)) break;
    for (const row of graph.links[next] ?? []) {
      if (seen.has(row)) continue;
      seen.add(row);
      scored.push(row);
      const last = best.at(-1);
      if (best.length < ef || last === undefined || like(query, row) > like(query, last)) {
        waiting.push(row);
        best = [...best, row].sort(nearer).slice(0, ef);
      }
    }
  }
  return { scored, found: best };
}

/** The rows nearest to a row, without itself. */
export function exact(rows: number, query: number, like: Likeness, k: number): readonly number[] {
  return Array.from({ length: rows }, (_one, row) => row)
    .filter((row) => row !== query)
    .sort((one, other) => like(query, other) - like(query, one) || one - other)
    .slice(0, k);
}

/** What the walk found of the k nearest, the query's own row left out. */
export function hits(walked: Walk, truth: readonly number[], query: number): readonly number[] {
  const found = new Set(walked.found.filter((row) => row !== query).slice(0, truth.length));
  return truth.filter((row) => found.has(row));
}

/** Rows in an order that looks random and is always the same (a linear congruential generator, Fisher and Yates). */
export function shuffled(rows: number, seed = 7): readonly number[] {
  const order = Array.from({ length: rows }, (_one, row) => row);
  let state = seed;
  for (let at = rows - 1; at > 0; at -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (at + 1);
    const kept = order[at] as number;
    order[at] = order[other] as number;
    order[other] = kept;
  }
  return order;
}
