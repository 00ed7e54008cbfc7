/** Tags of an index as somebody edits them, in the order they were typed. */

import { TAG } from "./kinds";
import { LIMITS } from "./limits";

export interface TagRow {
  readonly key: string;
  readonly value: string;
}
export type TagProblem = "key" | "value" | "twice" | "ours" | "empty";

type Tags = Readonly<Record<string, string>>;

/** Without the tag of the settings, which has a form of its own. */
export const rowsOf = (tags: Tags | null | undefined): readonly TagRow[] =>
  Object.entries(tags ?? {})
    .filter(([key]) => key !== TAG)
    .map(([key, value]) => ({ key, value }));

const blank = ({ key, value }: TagRow) => !key.trim() && !value.trim();

/** Rows that hold nothing are left out. */
export const tagsOf = (rows: readonly TagRow[]): Tags =>
  Object.fromEntries(rows.filter((row) => !blank(row)).map(({ key, value }) => [key.trim(), value.trim()]));

/** What a configure call must say so that `before` becomes `rows`: "" removes a tag. */
export function changesOf(before: Tags | null | undefined, rows: readonly TagRow[]): Tags {
  const [old, wanted] = [tagsOf(rowsOf(before)), tagsOf(rows)];
  const gone = Object.keys(old).filter((key) => !(key in wanted));
  const changed = Object.entries(wanted).filter(([key, value]) => old[key] !== value);
  return Object.fromEntries([...gone.map((key) => [key, ""] as const), ...changed]);
}

/** What is wrong, row by row; the list has `undefined` for a row that is good. */
export function wrongTags(rows: readonly TagRow[]): readonly (TagProblem | undefined)[] {
  return rows.map((row, at) => {
    if (blank(row)) return undefined;
    const [key, value] = [row.key.trim(), row.value.trim()];
    if (key === TAG) return "ours";
    if (key.length > LIMITS.tagKey || !/^[A-Za-z0-9_-]+$/.test(key)) return "key";
    if (!value) return "empty";
    if (value.length > LIMITS.tagValue || !/^[A-Za-z0-9_;@.+ -]*$/.test(value)) return "value";
    return rows.slice(0, at).some((other) => other.key.trim() === key) ? "twice" : undefined;
  });
}

/** Tags that there may be besides `taken`. */
export const tooMany = (rows: readonly TagRow[], taken: number) =>
  rows.filter((row) => !blank(row)).length + taken > LIMITS.tags;
