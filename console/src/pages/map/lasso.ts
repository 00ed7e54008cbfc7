/** Which points a line drawn around them holds. */

import { type Grid, inBox } from "./grid";
import type { Place } from "./view";

/** Whether a point lies inside a polygon, by the rule of even and odd crossings. The polygon closes itself. */
export function inside(polygon: readonly Place[], x: number, y: number): boolean {
  let within = false;
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at, at += 1) {
    const [ax, ay] = polygon[at] as Place;
    const [bx, by] = polygon[before] as Place;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

/** The points inside, in rising order, of those that count. polygon: in the data's coordinates. */
export function held(grid: Grid, polygon: readonly Place[], counts: (at: number) => boolean): Uint32Array {
  if (polygon.length < 3) return new Uint32Array();
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const box = { left: Math.min(...xs), right: Math.max(...xs), bottom: Math.min(...ys), top: Math.max(...ys) };
  const found: number[] = [];
  inBox(grid, box, (at) => {
    if (counts(at) && inside(polygon, grid.x[at] as number, grid.y[at] as number)) found.push(at);
  });
  return Uint32Array.from(found).sort();
}

/** The corners of a rectangle between two places. */
export function rectangle([ax, ay]: Place, [bx, by]: Place): readonly Place[] {
  return [
    [ax, ay],
    [bx, ay],
    [bx, by],
    [ax, by],
  ];
}
