import { useMemo } from "preact/hooks";
import { language } from "../../state/language";
import { valueName } from "./Legend";
import type { Marks, Named } from "./overlay";
import { drawingOrder, type Points } from "./points";
import type { Settings } from "./settings";
import type { Queried } from "./useQueried";
import type { Place } from "./view";

export interface Scene {
  readonly shown: (at: number) => boolean;
  readonly order: { readonly faint: Uint32Array; readonly full: Uint32Array };
  readonly names: readonly Named[];
  readonly marks: Pick<Marks, "query" | "neighbours" | "pinned">;
}

/** What is to be drawn: each part anew only when something it depends on changed. */
export function useScene(
  points: Points,
  settings: Settings,
  queried: Queried | undefined,
  lit: Uint8Array | null,
): Scene {
  const { off, record } = settings;
  const written = JSON.stringify(off);
  const hidden = useMemo(() => {
    const keys = new Set<string>(JSON.parse(written));
    return Uint8Array.from(points.colouring.groups, ({ key }) => Number(keys.has(key)));
  }, [points, written]);
  const shown = useMemo(() => (at: number) => !hidden[points.colouring.of[at] as number], [points, hidden]);
  const order = useMemo(() => drawingOrder(points, shown, lit), [points, shown, lit]);
  const said = language.value;
  const names = useMemo(() => {
    const { groups } = points.colouring;
    const rows = new Map(groups.map((group, row) => [group.value, row]));
    const other = groups.findIndex(({ kind }) => kind === "other");
    return points.labels.flatMap((label): Named[] => {
      const row = rows.get(label.value);
      if (hidden[row ?? other]) return [];
      return [{ ...label, text: valueName(label.value), named: row !== undefined }];
    });
  }, [points, hidden, said]);
  const marks = useMemo(() => {
    const placeOf = (id: string): Place[] => {
      const at = points.place(id);
      return at === undefined ? [] : [[points.x[at] as number, points.y[at] as number]];
    };
    return {
      query: queried?.place ?? null,
      neighbours: (queried?.matches ?? []).flatMap(({ id }) => placeOf(id)),
      pinned: (record === undefined ? undefined : placeOf(record)[0]) ?? null,
    };
  }, [points, queried, record]);
  return useMemo(() => ({ shown, order, names, marks }), [shown, order, names, marks]);
}
