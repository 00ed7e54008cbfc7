/** Filters of falling share, made of the fields that the records have. Pure functions. */

import type { FieldInfo } from "../../api/fields";
import type { Filter } from "../../ui/filter/filter";

/** Shares that are looked for; the nearest that the fields give is taken. */
export const SHARES = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001] as const;
const NEAR = Math.log(1.7);
const COMBINED = 40;
const EXTRA = { equal: 0, range: 0.05, both: 0.2 } as const;

export interface Choice {
  /** Undefined: every record. */
  readonly filter: Filter | undefined;
  readonly name: string;
  /** Of the records that are expected to match; what does match is measured. */
  readonly share: number;
}

interface Candidate extends Choice {
  readonly filter: Filter;
  readonly kind: "equal" | "range" | "both";
  readonly fields: ReadonlySet<string>;
}

/** No filter, and then one for each share for which the fields have one: equal to a value, a range, or two of them. */
export function choices(fields: readonly FieldInfo[], records: number): readonly Choice[] {
  const single = records > 0 ? fields.flatMap((field) => [...equals(field, records), ...ranges(field, records)]) : [];
  const candidates = [...single, ...pairs(single)];
  const chosen: Choice[] = [{ filter: undefined, name: "", share: 1 }];
  const taken: Candidate[] = [];
  for (const share of SHARES) {
    const [best] = candidates
      .filter((one) => !taken.includes(one) && one.share * records >= 1 && distance(one.share, share) <= NEAR)
      .sort((one, other) => cost(one, share, taken) - cost(other, share, taken));
    if (!best) continue;
    taken.push(best);
    chosen.push({ filter: best.filter, name: best.name, share: best.share });
  }
  return chosen.sort((one, other) => other.share - one.share);
}

function distance(one: number, other: number): number {
  return Math.abs(Math.log(one / other));
}

/** Near is good, and so is a filter that somebody would write; different kinds of filters make the better proof. */
function cost(one: Candidate, share: number, before: readonly Candidate[]): number {
  const alike = before.filter(({ kind }) => kind === one.kind).length;
  return distance(one.share, share) + EXTRA[one.kind] + 0.15 * alike;
}

function equals(field: FieldInfo, records: number): Candidate[] {
  return field.values
    .filter(({ value }) => typeof value !== "number" || !isContinuous(field))
    .map(({ value, records: having }) => ({
      filter: { [field.name]: { $eq: value } },
      name: `${field.name} = ${String(value)}`,
      share: having / records,
      kind: "equal" as const,
      fields: new Set([field.name]),
    }));
}

/** The lower part of the values of a number, taken as evenly spread: how many do match is measured. */
function ranges(field: FieldInfo, records: number): Candidate[] {
  const { name, least, most } = field;
  if (least === null || most === null || !(most > least) || !isContinuous(field)) return [];
  const having = field.records / records;
  return SHARES.filter((share) => share < having).map((share) => {
    const end = rounded(least + ((most - least) * share) / having, (most - least) * share);
    return {
      filter: { [name]: { $lt: end } },
      name: `${name} < ${end}`,
      share,
      kind: "range" as const,
      fields: new Set([name]),
    };
  });
}

function pairs(single: readonly Candidate[]): Candidate[] {
  const some = [...single].sort((one, other) => other.share - one.share).slice(0, COMBINED);
  return some.flatMap((one, at) =>
    some
      .slice(at + 1)
      .filter((other) => [...other.fields].every((name) => !one.fields.has(name)))
      .map((other) => ({
        filter: { $and: [one.filter, other.filter] },
        name: `${one.name} & ${other.name}`,
        share: one.share * other.share,
        kind: "both" as const,
        fields: new Set([...one.fields, ...other.fields]),
      })),
  );
}

function isContinuous(field: FieldInfo): boolean {
  return field.types.includes("number") && (field.distinct ?? Number.POSITIVE_INFINITY) > 20;
}

/** To no more digits than the step needs, so that a filter can be read. */
function rounded(value: number, step: number): number {
  const digits = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(step))));
  return Number(value.toFixed(digits));
}
