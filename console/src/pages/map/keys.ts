/** Keys that move the view. */

import type { Plot } from "./plot";
import { panned, type View, zoomed } from "./view";

const STEP = 70;
const FACTOR = 1.5;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [STEP, 0],
  ArrowRight: [-STEP, 0],
  ArrowUp: [0, STEP],
  ArrowDown: [0, -STEP],
};
const ZOOMS: Readonly<Record<string, number>> = { "+": FACTOR, "=": FACTOR, "-": 1 / FACTOR, _: 1 / FACTOR };

/** The view after this key; undefined when the key is for something else. */
export function moved(key: string, { view, frame, start }: Pick<Plot, "view" | "frame" | "start">): View | undefined {
  const arrow = ARROWS[key];
  if (arrow) return panned(view, frame, ...arrow);
  const factor = ZOOMS[key];
  if (factor) return zoomed(view, frame, factor, frame.width / 2, frame.height / 2);
  return key === "0" ? start : undefined;
}
