import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Action {
  readonly busy: boolean;
  readonly error: unknown;
  /** Does it, unless something is under way; whether it went well. What went wrong is `error` until the next try. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
  readonly forget: () => void;
}

/** One thing at a time that a person asked for. */
export function useAction(): Action {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: undefined });
  const busy = useRef(false);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);

  const settle = useCallback((error: unknown) => {
    busy.current = false;
    if (here.current) setState({ busy: false, error });
  }, []);
  const run = useCallback(
    async (work: () => Promise<void>) => {
      if (busy.current) return false;
      busy.current = true;
      setState({ busy: true, error: undefined });
      try {
        await work();
        settle(undefined);
        return true;
      } catch (error) {
        settle(error);
        return false;
      }
    },
    [settle],
  );
  return { ...state, run, forget: useCallback(() => setState((former) => ({ ...former, error: undefined })), []) };
}
