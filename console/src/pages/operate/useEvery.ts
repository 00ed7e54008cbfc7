import { useEffect, useRef } from "preact/hooks";
import type { Asked } from "../../ui/useCall";

/** Asks again and again while `on` and the tab is in sight; never before the last answer is there. */
export function useEvery(seconds: number, asked: Asked<unknown>, on: boolean): void {
  const latest = useRef(asked);
  latest.current = asked;
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => {
      if (!document.hidden && !latest.current.waiting) latest.current.again();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds, on]);
}
