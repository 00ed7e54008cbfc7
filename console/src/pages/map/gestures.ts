/** Wheel, mouse, pen and fingers, told as what they mean on a map. Places are CSS pixels of the element. */

import type { Place } from "./view";

export type Tool = "pan" | "lasso" | "box";

export interface Hearer {
  readonly tool: () => Tool;
  readonly pan: (dx: number, dy: number) => void;
  readonly zoom: (factor: number, at: Place) => void;
  readonly hover: (at: Place | null) => void;
  readonly tap: (at: Place) => void;
  readonly stroke: (at: Place, tool: "lasso" | "box", first: boolean) => void;
  readonly strokeEnd: (whole: boolean) => void;
}

const STILL = 4;
const LINE = 16;

/** Returns what ends it. */
export function listen(element: HTMLElement, hear: Hearer): () => void {
  const down = new Map<number, Place>();
  let start: Place | undefined;
  let moved = false;
  let drawing = false;

  const at = (event: MouseEvent): Place => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const endStroke = (whole: boolean) => {
    if (drawing) hear.strokeEnd(whole);
    drawing = false;
  };

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || event.target !== element) return;
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    hear.hover(null);
    if (down.size === 1) {
      start = at(event);
      moved = false;
      const tool = event.shiftKey ? "lasso" : hear.tool();
      drawing = tool !== "pan";
      if (tool !== "pan") hear.stroke(start, tool, true);
    } else {
      moved = true;
      endStroke(false);
    }
  };

  const onMove = (event: PointerEvent) => {
    const now = at(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") hear.hover(now);
      return;
    }
    down.set(event.pointerId, now);
    if (start && Math.hypot(now[0] - start[0], now[1] - start[1]) > STILL) moved = true;
    if (down.size > 1) pinch(event.pointerId, before, now);
    else if (drawing) hear.stroke(now, event.shiftKey ? "lasso" : (hear.tool() as "lasso" | "box"), false);
    else if (moved) hear.pan(now[0] - before[0], now[1] - before[1]);
  };

  const pinch = (id: number, before: Place, now: Place) => {
    const other = [...down].find(([one]) => one !== id)?.[1];
    if (!other) return;
    const apart = (one: Place) => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
    const middle: Place = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    hear.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    hear.zoom(apart(now) / apart(before), middle);
  };

  const onUp = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return;
    const tapped = !moved && down.size === 0 && event.type === "pointerup";
    endStroke(moved && event.type === "pointerup");
    if (tapped) hear.tap(at(event));
  };

  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE);
    // Fingers on a touchpad arrive as small steps with ctrl.
    hear.zoom(Math.exp(-Math.max(-240, Math.min(240, pixels)) * (event.ctrlKey ? 0.01 : 0.002)), at(event));
  };

  const onLeave = () => hear.hover(null);
  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("pointerleave", onLeave);
  element.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointercancel", onUp);
    element.removeEventListener("pointerleave", onLeave);
    element.removeEventListener("wheel", onWheel);
  };
}
