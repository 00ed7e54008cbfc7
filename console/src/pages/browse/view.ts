/** What the address of the page asks for. */

import { DEFAULT_NAMESPACE, type Index, type Schema, type Stats } from "../../api/indexes";
import type { Place } from "../../api/records";
import { checkFilter } from "../../ui/filter/check";
import type { View } from "./source";

export type Namespaces = ReadonlyArray<readonly [name: string, records: number]>;

export interface Shown {
  readonly place: Place;
  readonly view: View;
  /** undefined: the key may not know them. */
  readonly namespaces: Namespaces | undefined;
  /** Records of this namespace. */
  readonly recorded: number | undefined;
  /** Numbers of a vector. */
  readonly dimension: number;
  /** The filter is none. */
  readonly problems: boolean;
}

export function shownIn(index: Index, stats: Stats | undefined, query: Readonly<Record<string, string>>): Shown {
  const namespaces = stats && namespacesOf(stats);
  const namespace = query.namespace ?? usual(namespaces);
  const place: Place = { index: index.name, namespace, ...(index.schema ? { documents: true } : {}) };
  const { filter, problems } = checkFilter(query.filter ?? "");
  return {
    place,
    view: { place, prefix: query.prefix ?? "", filter },
    namespaces,
    recorded: namespaces && (namespaces.find(([name]) => name === namespace)?.[1] ?? 0),
    dimension:
      index.dimension ?? Math.max(0, ...Object.values(index.schema?.fields ?? {}).map((field) => field.dimension ?? 0)),
    problems: problems.length > 0,
  };
}

/** Whether the records of the index are documents, which the documents API writes: it says which fields are searched. */
export function holdsDocuments({ fields }: Schema): boolean {
  return Object.entries(fields).some(([name, { type }]) => !OF_VECTORS.includes(name) && type !== "semantic_text");
}

const OF_VECTORS = ["_values", "_sparse_values"];

/** The default namespace, unless there is none and others are. */
function usual(namespaces: Namespaces | undefined): string {
  return namespaces?.some(([name]) => name === "") === false ? (namespaces[0]?.[0] ?? "") : "";
}

/** Namespaces as requests call them. */
function namespacesOf(stats: Stats): Namespaces {
  const named = Object.entries(stats.namespaces);
  return named.map(([name, { vectorCount }]) => [name === DEFAULT_NAMESPACE ? "" : name, vectorCount]);
}
