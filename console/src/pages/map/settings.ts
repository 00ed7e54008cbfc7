/** What the address says of a map, so that it can be shared. */

import type { FieldInfo } from "../../api/fields";
import { METHODS, type Method } from "../../api/map";
import type { Filter } from "../../ui/filter/filter";
import { read, type View } from "./view";

export const PANELS = ["colours", "chosen", "query", "odd"] as const;
export type Panel = (typeof PANELS)[number];
export const LIMITS = [2_000, 10_000, 50_000, 100_000] as const;
/** Points to begin with where places are found by their neighbours, which takes long. */
export const UMAP_POINTS = 10_000;
export const NEIGHBOURS = [5, 10, 25, 50] as const;
/** Distances between neighbours are known when at most this many points are shown. */
export const MOST_MEASURED = 10_000;

export interface Settings {
  readonly namespace: string;
  readonly filter: Filter | undefined;
  /** undefined: whichever field suits. null: none. */
  readonly colour: string | null | undefined;
  readonly limit: number;
  readonly method: Method;
  /** Keys of the legend's rows that are switched off. */
  readonly off: readonly string[];
  readonly view: View | undefined;
  readonly record: string | undefined;
  readonly panel: Panel;
  readonly text: string | undefined;
  readonly near: string | undefined;
  readonly neighbours: number;
}

type Query = Readonly<Record<string, string>>;

/** What cannot be understood is as if it were not there. namespaces: those of the index, "" being the default one. */
export function settingsOf(query: Query, namespaces: readonly string[]): Settings {
  const off = json(query.off);
  const filter = json(query.filter);
  return {
    namespace: query.namespace ?? (namespaces.includes("") ? "" : (namespaces[0] ?? "")),
    filter: filter && typeof filter === "object" && !Array.isArray(filter) ? (filter as Filter) : undefined,
    colour: query.plain ? null : query.colour,
    limit: LIMITS.find((limit) => String(limit) === query.points) ?? 100_000,
    method: METHODS.find((method) => method === query.method) ?? "pca",
    off: Array.isArray(off) ? off.filter((key): key is string => typeof key === "string") : [],
    view: read(query.view),
    record: query.record,
    panel: PANELS.find((panel) => panel === query.panel) ?? "colours",
    text: query.text,
    near: query.near,
    neighbours: NEIGHBOURS.find((count) => String(count) === query.k) ?? 10,
  };
}

function json(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const FEWEST = 2;
const MOST = 60;

/** The field that tells the most at a first look: one with a handful of frequent values, or else a number. */
export function usualColour(fields: readonly FieldInfo[]): string | undefined {
  const values = (field: FieldInfo) => field.distinct ?? Number.POSITIVE_INFINITY;
  const handful = fields.filter(
    (field) => !field.types.includes("list") && values(field) >= FEWEST && values(field) <= MOST,
  );
  const best = (one: FieldInfo, other: FieldInfo) =>
    other.records - one.records || Number(values(one) === FEWEST) - Number(values(other) === FEWEST);
  const named = handful.filter(({ types }) => types.includes("string")).sort(best)[0];
  const number = fields.find(({ types, distinct }) => types.includes("number") && distinct !== 1);
  return (named ?? handful.sort(best)[0] ?? number)?.name;
}
