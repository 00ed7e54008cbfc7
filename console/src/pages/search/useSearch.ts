import { useCallback, useRef, useState } from "preact/hooks";
import { type Asked, type Run, run } from "./run";

export interface Side {
  readonly run: Run | undefined;
  /** The run before it, to tell what moved. */
  readonly before: Run | undefined;
  readonly error: unknown;
  readonly waiting: boolean;
}

const IDLE: Side = { run: undefined, before: undefined, error: undefined, waiting: false };

/** One side of the page. A newer search takes the place of one that is under way; what was found stays until then. */
export function useSearch(): Side & { readonly search: (asked: Asked) => void; readonly clear: () => void } {
  const [side, setSide] = useState<Side>(IDLE);
  const controller = useRef<AbortController>(undefined);

  const search = useCallback((asked: Asked) => {
    controller.current?.abort();
    const mine = new AbortController();
    controller.current = mine;
    setSide((former) => ({ ...former, waiting: true }));
    run(asked, mine.signal).then(
      (done) => {
        if (mine.signal.aborted) return;
        setSide((former) => ({ run: done, before: former.run, error: undefined, waiting: false }));
      },
      (error: unknown) => {
        if (!mine.signal.aborted) setSide((former) => ({ ...former, error, waiting: false }));
      },
    );
  }, []);

  const clear = useCallback(() => {
    controller.current?.abort();
    setSide(IDLE);
  }, []);

  return { ...side, search, clear };
}
