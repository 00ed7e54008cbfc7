/** Which points a line drawn around them holds. */

import { type Grid, inBox } from "./grid";
import { boundsOf, type Place } from "./view";

const BANDS = 256;

/** The points inside a polygon, by the rule of even and odd crossings, in rising order, of those that count. It closes
 * itself; its places are in the data's coordinates. Each point is compared with the few edges at its height only, so that 100,000 points and a long line take milliseconds. */
export function held(grid: Grid, polygon: readonly Place[], counts: (at: number) => boolean): Uint32Array {
  if (polygon.length < 3) return new Uint32Array();
  const [xs, ys] = [Float64Array.from(polygon, ([x]) => x), Float64Array.from(polygon, ([, y]) => y)];
  const box = boundsOf(xs, ys);
  const tall = box.top - box.bottom || 1;
  const band = (y: number) => Math.min(BANDS - 1, Math.floor(((y - box.bottom) / tall) * BANDS));
  const edges = Array.from({ length: BANDS }, (): number[] => []);
  ys.forEach((y, end) => {
    const before = ys[(end || ys.length) - 1] as number;
    for (let at = band(Math.min(y, before)); at <= band(Math.max(y, before)); at += 1) edges[at]?.push(end);
  });
  const found: number[] = [];
  inBox(grid, box, (at) => {
    const x = grid.x[at] as number;
    const y = grid.y[at] as number;
    const near = edges[band(y)] as number[];
    let within = false;
    for (let place = 0; place < near.length; place += 1) {
      const end = near[place] as number;
      const start = (end || ys.length) - 1;
      const ay = ys[end] as number;
      const by = ys[start] as number;
      if (ay > y === by > y) continue;
      const ax = xs[end] as number;
      if (x < (((xs[start] as number) - ax) * (y - ay)) / (by - ay) + ax) within = !within;
    }
    if (within && counts(at)) found.push(at);
  });
  return new Uint32Array(found).sort();
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
