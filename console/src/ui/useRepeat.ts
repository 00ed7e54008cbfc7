import { useEffect, useRef } from "preact/hooks";

/** Does something every few seconds while `wanted`, and not while nobody looks at the page. */
export function useRepeat(wanted: boolean, seconds: number, work: () => void): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [wanted, seconds]);
}
