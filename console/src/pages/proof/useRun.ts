import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Progress<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly running: boolean;
  /** It was ended before all items were there; they are kept. */
  readonly cancelled: boolean;
  readonly error: unknown;
}

export interface Run<Item> extends Progress<Item> {
  readonly start: (work: Work<Item>) => void;
  readonly cancel: () => void;
}

export type Work<Item> = (tell: {
  readonly signal: AbortSignal;
  readonly expect: (total: number) => void;
  readonly add: (item: Item) => void;
}) => Promise<void>;

const NOTHING = { items: [], total: 0, running: false, cancelled: false, error: undefined };

/** Work in many steps that can be watched and ended. It ends with the page, and a new one takes the place of the last. */
export function useRun<Item>(): Run<Item> {
  const [progress, setProgress] = useState<Progress<Item>>(NOTHING);
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);

  const start = useCallback((work: Work<Item>) => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    const change = (changed: (before: Progress<Item>) => Partial<Progress<Item>>) => {
      if (current.current === controller) setProgress((before) => ({ ...before, ...changed(before) }));
    };
    setProgress({ ...NOTHING, running: true });
    work({
      signal: controller.signal,
      expect: (total) => change(() => ({ total })),
      add: (item) => change((before) => ({ items: [...before.items, item] })),
    }).then(
      () => change(() => ({ running: false })),
      (error: unknown) =>
        change(() => (controller.signal.aborted ? { running: false, cancelled: true } : { running: false, error })),
    );
  }, []);

  return { ...progress, start, cancel: useCallback(() => current.current?.abort(), []) };
}
