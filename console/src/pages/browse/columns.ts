/** Which fields are columns: those of the address, or the most frequent ones. */

import type { Fields } from "../../api/fields";
import { shown } from "./metadata";
import type { Row } from "./rows";

const AT_FIRST = 5;

/** Every field that is known, the text that is embedded first, then by how many records have it. */
export function fieldsIn(fields: Fields | undefined, seen: readonly Row[], textField: string | undefined): string[] {
  const counts = new Map<string, number>();
  if (textField !== undefined) counts.set(textField, Number.POSITIVE_INFINITY);
  for (const { name, records } of fields?.fields ?? [])
    if (name !== "thumbnail") counts.set(name, Math.max(records, counts.get(name) ?? 0));
  if (!fields) {
    for (const { metadata } of seen)
      for (const name of Object.keys(metadata)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1]).map(([name]) => name);
}

export function columnsOf(chosen: string | undefined, known: readonly string[]): readonly string[] {
  return namesOf(chosen) ?? known.slice(0, AT_FIRST);
}

/** The names that an address holds; undefined when it holds none, or what is no list of names. */
function namesOf(text: string | undefined): readonly string[] | undefined {
  if (!text) return undefined;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
  } catch {
    return undefined;
  }
}

const LONG = 26;

/** Widths of the columns for a grid: texts that are long get more room. */
export function widthsOf(
  columns: readonly string[],
  seen: readonly Row[],
): { readonly grid: string; readonly least: string } {
  const rems = columns.map((name) => {
    const long = seen.some(({ metadata }) => Object.hasOwn(metadata, name) && shown(metadata[name]).length > LONG);
    return long ? 20 : 8;
  });
  const grid = rems.map((rem) => `minmax(${rem}rem, ${rem}fr)`).join(" ");
  return {
    grid: `40px minmax(11rem, 10fr) ${grid}`,
    least: `calc(40px + ${rems.reduce((sum, rem) => sum + rem, 11)}rem)`,
  };
}
