import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { RecordRows } from "./rows";

/** Records that were chosen, by id: they stay chosen out of sight. */
export function useChosen(rows: RecordRows, namespace: string) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const from = useRef<number>(undefined);

  /** upTo: as well as all between this one and the one before (Shift). */
  const choose = useCallback(
    (at: number, chosen: boolean, upTo: boolean) => {
      const other = upTo ? (from.current ?? at) : at;
      const range = rows.ids.slice(Math.min(at, other), Math.max(at, other) + 1);
      from.current = at;
      setIds((before) => {
        const after = new Set(before);
        for (const id of range) {
          if (chosen) after.add(id);
          else after.delete(id);
        }
        return after;
      });
    },
    [rows],
  );
  /** Without ids: all of them. */
  const clear = useCallback((gone?: ReadonlySet<string>) => {
    from.current = undefined;
    setIds((before) => new Set(gone ? [...before].filter((id) => !gone.has(id)) : []));
  }, []);
  // The same ids are other records in another namespace.
  useEffect(() => clear(), [namespace, clear]);
  return { ids, choose, clear };
}
