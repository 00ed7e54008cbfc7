/** A family of metrics as the rows of a table: one for each set of labels, with its course over the snapshots. */

import { type Family, isDistribution, keyOf, ratesOf, type Snapshot } from "./rates";

export interface Row {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A gauge's value; of what is counted, all so far. */
  readonly total: number;
  /** Of what is counted, the last rate by second. */
  readonly now: number | null;
  /** A gauge's values, or rates. */
  readonly course: readonly (number | null)[];
}

const POINTS = 60;

/** The largest first. Of a distribution, its number of observations. */
export function rowsOf(history: readonly Snapshot[], family: Family): readonly Row[] {
  const counted = family.type === "counter" || family.samples.some(isDistribution);
  const recent = history.slice(-POINTS);
  const rows = family.samples
    .filter((sample) => !isDistribution(sample) || sample.name.endsWith("_count"))
    .map(({ name, labels, value }): Row => {
      const key = keyOf(name, labels);
      const at = (of: Snapshot) => of.values.get(key);
      const course = counted ? ratesOf(recent, at) : recent.map((of) => at(of) ?? null);
      return { key, labels, total: value, now: counted ? (course.at(-1) ?? null) : null, course };
    });
  return rows.sort((one, other) => other.total - one.total);
}

/** Labels that say the same in every row: they need no telling row by row. */
export function commonLabels(rows: readonly Row[]): readonly string[] {
  const [first, ...others] = rows;
  if (!first || !others.length) return [];
  return Object.keys(first.labels).filter((name) => others.every((row) => row.labels[name] === first.labels[name]));
}
