import { useEffect, useState } from "preact/hooks";

const NARROW = "(max-width: 760px)"; // as in shell.css

/** Whether the screen is that of a phone, now. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const follow = () => setNarrow(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  return narrow;
}
