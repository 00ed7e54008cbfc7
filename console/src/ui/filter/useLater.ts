import { useEffect, useMemo, useRef } from "preact/hooks";

/** Does the latest thing a moment after the last call of `later`, or at once with `now`. */
export function useLater(milliseconds: number) {
  const pending = useRef<{ readonly timer: number; readonly work: () => void }>(undefined);
  const tools = useMemo(() => {
    const cancel = () => {
      if (pending.current) clearTimeout(pending.current.timer);
      pending.current = undefined;
    };
    const now = () => {
      const work = pending.current?.work;
      cancel();
      work?.();
    };
    const later = (work: () => void) => {
      cancel();
      pending.current = { work, timer: window.setTimeout(now, milliseconds) };
    };
    return { later, now, cancel };
  }, [milliseconds]);
  useEffect(() => tools.cancel, [tools]);
  return tools;
}
