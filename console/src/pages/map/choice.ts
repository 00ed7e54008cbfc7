/** What can be done with points that were chosen: counted, told by a filter, written to a file. */

import { csvLine } from "../../ui/files";
import type { Filter } from "../../ui/filter/filter";
import type { Colouring, Group, Scalar } from "./colouring";

/** Values that at least this share of the chosen points have, together, say what was chosen. */
const ENOUGH = 0.9;
const MOST_VALUES = 20;

export interface Share {
  readonly group: Group;
  readonly count: number;
}

/** How many of the chosen points are in each row of the legend, the most first. */
export function shares(colouring: Colouring, chosen: Uint32Array): readonly Share[] {
  const counts = new Uint32Array(colouring.groups.length);
  for (const at of chosen) {
    const row = colouring.of[at] as number;
    if (row < counts.length) counts[row] = (counts[row] as number) + 1;
  }
  return colouring.groups
    .map((group, row) => ({ group, count: counts[row] as number }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count);
}

/** A filter by the field's values that most of the chosen points have, and the share of them that it finds. */
export function dominant(
  field: string,
  values: readonly unknown[],
  chosen: Uint32Array,
): { readonly filter: Filter; readonly found: number } | undefined {
  const given = Array.from(chosen, (at) => values[at]).filter((value) => value !== null && value !== undefined);
  if (!given.length) return;
  const counts = new Map<Scalar, number>();
  // A list matches a filter when one of its elements does.
  for (const value of given) {
    for (const one of Array.isArray(value) ? (value as Scalar[]) : [value as Scalar]) {
      counts.set(one, (counts.get(one) ?? 0) + 1);
    }
  }
  if (counts.size > MOST_VALUES && given.every((value) => typeof value === "number"))
    return range(field, given, chosen);
  const often = [...counts].sort((one, other) => other[1] - one[1]);
  const wanted = new Set<Scalar>();
  let found: readonly unknown[] = [];
  for (const [value] of often.slice(0, MOST_VALUES)) {
    wanted.add(value);
    found = given.filter((one) =>
      Array.isArray(one) ? one.some((part) => wanted.has(part)) : wanted.has(one as Scalar),
    );
    if (found.length >= ENOUGH * chosen.length) break;
  }
  const condition = wanted.size === 1 ? { $eq: [...wanted][0] } : { $in: [...wanted] };
  return { filter: { [field]: condition }, found: found.length / chosen.length };
}

function range(field: string, given: readonly unknown[], chosen: Uint32Array) {
  const numbers = given as readonly number[];
  let [least, most] = [Infinity, -Infinity];
  for (const value of numbers) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { filter: { [field]: { $gte: least, $lte: most } }, found: given.length / chosen.length };
}

/** One id a line. */
export function asText(ids: readonly string[]): string {
  return `${ids.join("\n")}\n`;
}

/** A table for other programs. */
export function asCsv(columns: readonly string[], rows: ReadonlyArray<readonly unknown[]>): string {
  return [columns, ...rows].map(csvLine).join("");
}
