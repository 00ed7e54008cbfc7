import { DEFAULT_NAMESPACE, type Stats } from "../../api/indexes";

/** Namespaces as requests call them, with how many records each has. */
export function namespacesOf(stats: Stats): ReadonlyArray<readonly [name: string, records: number]> {
  return Object.entries(stats.namespaces).map(([name, { vectorCount }]) => [
    name === DEFAULT_NAMESPACE ? "" : name,
    vectorCount,
  ]);
}
