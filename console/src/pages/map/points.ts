/** An answer of the map, ready to be drawn. */

import type { MapAnswer } from "../../api/map";
import { type Colouring, colouringOf } from "./colouring";
import { type Grid, gridOf } from "./grid";
import { type Label, labelsOf } from "./labels";
import { type Bounds, boundsOf } from "./view";

export interface Points {
  readonly answer: MapAnswer;
  readonly count: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly bounds: Bounds;
  readonly grid: Grid;
  readonly colouring: Colouring;
  readonly labels: readonly Label[];
  /** Where an id lies; undefined when it is not on the map. */
  readonly place: (id: string) => number | undefined;
}

export function pointsOf(answer: MapAnswer): Points {
  const x = new Float64Array(answer.x);
  const y = new Float64Array(answer.y);
  const bounds = boundsOf(x, y);
  const colouring = colouringOf(answer.values, x.length);
  let places: Map<string, number> | undefined;
  const place = (id: string) => {
    places ??= new Map(answer.ids.map((one, at) => [one, at]));
    return places.get(id);
  };
  const labels = colouring.kind === "groups" ? labelsOf(x, y, bounds, answer.values) : [];
  return { answer, count: x.length, x, y, bounds, grid: gridOf(x, y, bounds), colouring, labels, place };
}

/** The points in the order they are drawn, cell by cell, which the processor's caches like; lit ones above the others.
 * lit: 1 for each point that stands out; null when none does, or all. */
export function drawingOrder(
  points: Points,
  shown: (at: number) => boolean,
  lit: Uint8Array | null,
): { readonly faint: Uint32Array; readonly full: Uint32Array } {
  const faint = new Uint32Array(lit ? points.count : 0);
  const full = new Uint32Array(points.count);
  let [dull, bright] = [0, 0];
  for (const at of points.grid.items) {
    if (!shown(at)) continue;
    if (lit && !lit[at]) faint[dull++] = at;
    else full[bright++] = at;
  }
  return { faint: faint.subarray(0, dull), full: full.subarray(0, bright) };
}

/** 1 for each of these places. */
export function maskOf(places: Iterable<number>, count: number): Uint8Array {
  const mask = new Uint8Array(count);
  for (const at of places) mask[at] = 1;
  return mask;
}
