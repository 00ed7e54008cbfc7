/** Where a value's name is written: where most of its points lie together, which their middle need not be. */

import { type Scalar, scalar } from "./colouring";
import type { Bounds } from "./view";

const SIDE = 40;
const MOST = 60;
/** A name is written only where this share of the points have the value, and this share of the value's points are. */
const PURE = 0.4;
const TOGETHER = 0.2;

export interface Label {
  readonly value: Scalar;
  readonly x: number;
  readonly y: number;
  readonly count: number;
}

/** For the most frequent values of a field that have a place of their own, the most frequent first. */
export function labelsOf(
  x: Float64Array,
  y: Float64Array,
  bounds: Bounds,
  values: readonly unknown[] | null,
): readonly Label[] {
  if (!values) return [];
  const cells = cellsOf(x, y, bounds);
  const all = new Uint32Array(SIDE * SIDE);
  for (const cell of cells) all[cell] = (all[cell] as number) + 1;
  const members = new Map<Scalar, number[]>();
  values.forEach((value, at) => {
    const one = scalar(value);
    if (one === undefined) return;
    const known = members.get(one);
    if (known) known.push(at);
    else members.set(one, [at]);
  });
  return [...members]
    .sort(([, one], [, other]) => other.length - one.length)
    .slice(0, MOST)
    .flatMap(([value, places]) => densest(value, places, x, y, cells, all) ?? []);
}

function cellsOf(x: Float64Array, y: Float64Array, bounds: Bounds): Uint16Array {
  const wide = bounds.right - bounds.left || 1;
  const tall = bounds.top - bounds.bottom || 1;
  return Uint16Array.from(x, (px, at) => {
    const column = Math.min(SIDE - 1, Math.floor(((px - bounds.left) / wide) * SIDE));
    const row = Math.min(SIDE - 1, Math.floor((((y[at] as number) - bounds.bottom) / tall) * SIDE));
    return row * SIDE + column;
  });
}

/** The mean of the value's points in the three by three cells that hold the most of them. */
function densest(
  value: Scalar,
  places: readonly number[],
  x: Float64Array,
  y: Float64Array,
  cells: Uint16Array,
  all: Uint32Array,
): Label | undefined {
  const counts = new Uint32Array(SIDE * SIDE);
  for (const at of places) counts[cells[at] as number] = (counts[cells[at] as number] as number) + 1;
  let [best, most] = [0, 0];
  for (const middle of new Set(places.map((at) => cells[at] as number))) {
    const count = block(middle).reduce((sum, cell) => sum + (counts[cell] as number), 0);
    if (count > most) [best, most] = [middle, count];
  }
  const around = new Set(block(best));
  const crowd = [...around].reduce((sum, cell) => sum + (all[cell] as number), 0);
  if (most < PURE * crowd || most < TOGETHER * places.length) return undefined;
  const near = places.filter((at) => around.has(cells[at] as number));
  const mean = (axis: Float64Array) => near.reduce((sum, at) => sum + (axis[at] as number), 0) / near.length;
  return { value, x: mean(x), y: mean(y), count: places.length };
}

function block(cell: number): readonly number[] {
  const [row, column] = [Math.floor(cell / SIDE), cell % SIDE];
  const found: number[] = [];
  for (let r = Math.max(0, row - 1); r <= Math.min(SIDE - 1, row + 1); r += 1) {
    for (let c = Math.max(0, column - 1); c <= Math.min(SIDE - 1, column + 1); c += 1) found.push(r * SIDE + c);
  }
  return found;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The boxes, of those in the order of their weight, that overlap none before them. */
export function apart<One extends Box>(boxes: readonly One[]): readonly One[] {
  const kept: One[] = [];
  for (const box of boxes) {
    const free = kept.every(
      (other) =>
        box.x + box.width <= other.x ||
        other.x + other.width <= box.x ||
        box.y + box.height <= other.y ||
        other.y + other.height <= box.y,
    );
    if (free) kept.push(box);
  }
  return kept;
}
