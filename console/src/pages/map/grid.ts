/** A grid of cells over the points: which are near a place, and which lie in a box, without looking at all. */

import type { Bounds } from "./view";

const PER_CELL = 3;
const MOST_SIDE = 512;

export interface Grid {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly bounds: Bounds;
  readonly columns: number;
  readonly rows: number;
  /** Points, cell by cell; those of cell c are between start[c] and start[c + 1]. */
  readonly items: Uint32Array;
  readonly start: Uint32Array;
}

/** x, y: as many finite numbers each. Two passes of counting, so 100,000 points take milliseconds. */
export function gridOf(x: Float64Array, y: Float64Array, bounds: Bounds): Grid {
  const side = Math.max(1, Math.min(MOST_SIDE, Math.ceil(Math.sqrt(x.length / PER_CELL))));
  const grid = { x, y, bounds, columns: side, rows: side };
  const cells = new Uint32Array(x.length);
  const start = new Uint32Array(side * side + 1);
  for (let at = 0; at < x.length; at += 1) {
    const cell = row(grid, y[at] as number) * side + column(grid, x[at] as number);
    cells[at] = cell;
    start[cell + 1] = (start[cell + 1] as number) + 1;
  }
  for (let cell = 0; cell < side * side; cell += 1)
    start[cell + 1] = (start[cell + 1] as number) + (start[cell] as number);
  const next = start.slice();
  const items = new Uint32Array(x.length);
  for (let at = 0; at < x.length; at += 1) {
    const cell = cells[at] as number;
    const place = next[cell] as number;
    items[place] = at;
    next[cell] = place + 1;
  }
  return { ...grid, items, start };
}

type Cells = Pick<Grid, "bounds" | "columns" | "rows">;

function column({ bounds, columns }: Cells, x: number): number {
  const share = (x - bounds.left) / (bounds.right - bounds.left || 1);
  return Math.max(0, Math.min(columns - 1, Math.floor(share * columns)));
}

function row({ bounds, rows }: Cells, y: number): number {
  const share = (y - bounds.bottom) / (bounds.top - bounds.bottom || 1);
  return Math.max(0, Math.min(rows - 1, Math.floor(share * rows)));
}

/** Calls `see` for every point in the box, its edges included. */
export function inBox(grid: Grid, box: Bounds, see: (at: number) => void): void {
  const { x, y, items, start, columns } = grid;
  const [first, last] = [column(grid, box.left), column(grid, box.right)];
  const top = row(grid, box.top);
  for (let r = row(grid, box.bottom); r <= top; r += 1) {
    const end = start[r * columns + last + 1] as number;
    for (let place = start[r * columns + first] as number; place < end; place += 1) {
      const at = items[place] as number;
      const px = x[at] as number;
      const py = y[at] as number;
      if (px >= box.left && px <= box.right && py >= box.bottom && py <= box.top) see(at);
    }
  }
}

/** The point that is nearest to (x, y), at most `radius` away, of those that count; -1 when there is none. */
export function nearest(grid: Grid, x: number, y: number, radius: number, counts: (at: number) => boolean): number {
  let best = -1;
  let least = radius * radius;
  inBox(grid, { left: x - radius, right: x + radius, bottom: y - radius, top: y + radius }, (at) => {
    const distance = ((grid.x[at] as number) - x) ** 2 + ((grid.y[at] as number) - y) ** 2;
    if (distance <= least && counts(at)) {
      best = at;
      least = distance;
    }
  });
  return best;
}
