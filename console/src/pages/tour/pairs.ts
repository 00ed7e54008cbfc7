/** Where texts and their translations lie on the map. */

import { median } from "../../ui/median";

interface Places {
  readonly ids: readonly string[];
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Rows of the texts that say the same: en-007 and ko-007. */
export function pairsOf({ ids }: Places): ReadonlyArray<readonly [english: number, korean: number]> {
  const korean = new Map(ids.map((id, row) => [id, row]));
  return ids.flatMap((id, row) => {
    const other = id.startsWith("en-") ? korean.get(id.replace("en-", "ko-")) : undefined;
    return other === undefined ? [] : [[row, other] as const];
  });
}

/** Median distances, as shares of the width of the map: of a text and its translation, and of any two texts. */
export function apart(map: Places): { readonly pairs: number; readonly any: number } {
  const width = Math.max(...map.x) - Math.min(...map.x) || 1;
  const between = (one: number, other: number) =>
    Math.hypot((map.x[one] ?? 0) - (map.x[other] ?? 0), (map.y[one] ?? 0) - (map.y[other] ?? 0)) / width;
  const all = map.ids.flatMap((_id, one) => map.ids.slice(0, one).map((_other, other) => between(one, other)));
  return { pairs: median(pairsOf(map).map(([one, other]) => between(one, other))), any: median(all) };
}
