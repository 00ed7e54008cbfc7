import { useEffect, useState } from "preact/hooks";
import { fetchStats, namespaceNames, type Stats } from "../../api/indexes";
import type { Reading } from "./problems";

const SECONDS = 3;
const KEPT = 1200;

export interface Meter {
  readonly readings: readonly Reading[];
  readonly stats: Stats | undefined;
  readonly error: unknown;
  readonly again: () => void;
}

/** What the contract's meter of a namespace says, every few seconds while somebody looks. */
export function useMeter(index: string, namespace: string): Meter {
  const [readings, setReadings] = useState<readonly Reading[]>([]);
  const [stats, setStats] = useState<Stats>();
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    const begun = performance.now();
    let timer: ReturnType<typeof setTimeout>;
    setReadings([]);
    setError(undefined);
    const look = async () => {
      if (!document.hidden) {
        try {
          const found = await fetchStats(index, controller.signal);
          if (controller.signal.aborted) return;
          const quality = qualityOf(found, namespace);
          setStats(found);
          setError(undefined);
          const at = Math.round((performance.now() - begun) / 100) / 10;
          if (quality) setReadings((before) => [...before.slice(1 - KEPT), { at, quality }]);
        } catch (error) {
          if (controller.signal.aborted) return;
          setError(error);
        }
      }
      timer = setTimeout(look, SECONDS * 1000);
    };
    look();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [index, namespace, turn]);

  return { readings, stats, error, again: () => setTurn((turn) => turn + 1) };
}

export function qualityOf(stats: Stats, namespace: string) {
  const place = namespaceNames(stats).indexOf(namespace);
  return Object.values(stats.namespaces)[place]?.quality;
}
