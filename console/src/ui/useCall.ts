import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  readonly error: unknown;
  /** The first answer, or a newer one, is on its way. The former answer stays meanwhile. */
  readonly waiting: boolean;
  readonly again: () => void;
}

/** Asks when the page appears and whenever `about` changes; an answer that is no longer wanted is dropped. */
export function useCall<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  about: readonly unknown[],
): Asked<Answer> {
  const [state, setState] = useState<{ answer: Answer | undefined; error: unknown; waiting: boolean }>({
    answer: undefined,
    error: undefined,
    waiting: true,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;

  // What to ask is told by `about`.
  useEffect(() => {
    const controller = new AbortController();
    setState((former) => ({ ...former, waiting: true }));
    latest.current(controller.signal).then(
      (answer) => {
        if (!controller.signal.aborted) setState({ answer, error: undefined, waiting: false });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setState((former) => ({ ...former, error, waiting: false }));
      },
    );
    return () => controller.abort();
  }, [...about, turn]);

  return { ...state, again: useCallback(() => setTurn((turn) => turn + 1), []) };
}
