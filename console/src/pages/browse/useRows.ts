import { useEffect, useMemo, useReducer } from "preact/hooks";
import { RecordRows } from "./rows";
import { sourceOf, type View } from "./source";

/** The rows of a view; a new list whenever the view changes, or `turn`. */
export function useRows(view: View, dimension: number, turn: number): RecordRows {
  const [, redraw] = useReducer((turn: number) => turn + 1, 0);
  const key = JSON.stringify([view, dimension, turn]);
  const made = useMemo(() => {
    const frame = { asked: false };
    const changed = () => {
      if (frame.asked) return;
      frame.asked = true;
      requestAnimationFrame(() => {
        frame.asked = false;
        redraw(undefined as never);
      });
    };
    return new RecordRows(sourceOf(view, dimension), changed);
  }, [key]);
  useEffect(() => {
    made.begin();
    return () => made.stop();
  }, [made]);
  return made;
}
