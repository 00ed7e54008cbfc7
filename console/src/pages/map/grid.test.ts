import { describe, expect, test } from "vitest";
import { gridOf, inBox, nearest } from "./grid";
import { held, rectangle } from "./lasso";
import { boundsOf, type Place } from "./view";

/** Numbers between 0 and 1, the same every time (the generator of Park and Miller). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Whether a point lies inside a polygon: all of its edges are looked at. */
function inside(polygon: readonly Place[], x: number, y: number): boolean {
  let within = false;
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at, at += 1) {
    const [ax, ay] = polygon[at] as Place;
    const [bx, by] = polygon[before] as Place;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

const draw = random(7);
// Half of the points crowd in one corner, and many have equal coordinates.
const x = Float64Array.from({ length: 4_000 }, (_, at) => Math.round((at % 2 ? draw() : draw() / 50) * 1000) / 500);
const y = Float64Array.from({ length: 4_000 }, (_, at) => Math.round((at % 2 ? draw() : draw() / 50) * 1000) / 100);
const grid = gridOf(x, y, boundsOf(x, y));
const all = Array.from(x, (_, at) => at);
const place = (at: number): Place => [x[at] as number, y[at] as number];

test("every point is in one cell", () => {
  expect([...grid.items].sort((one, other) => one - other)).toEqual(all);
});

describe("a grid finds what looking at every point finds", () => {
  test("in boxes, edges included", () => {
    for (let turn = 0; turn < 60; turn += 1) {
      const [a, b] = [place(Math.floor(draw() * 4_000)), place(Math.floor(draw() * 4_000))];
      const box = {
        left: Math.min(a[0], b[0]),
        right: Math.max(a[0], b[0]),
        bottom: Math.min(a[1], b[1]),
        top: Math.max(a[1], b[1]),
      };
      const found: number[] = [];
      inBox(grid, box, (at) => found.push(at));
      const expected = all.filter((at) => {
        const [px, py] = place(at);
        return px >= box.left && px <= box.right && py >= box.bottom && py <= box.top;
      });
      expect(found.sort((one, other) => one - other)).toEqual(expected);
    }
  });

  test("nearest to a place, of those that count", () => {
    const counts = (at: number) => at % 3 !== 0;
    for (let turn = 0; turn < 100; turn += 1) {
      const [px, py, radius] = [draw() * 3 - 0.5, draw() * 12 - 1, draw() / 2];
      const distance = (at: number) => Math.hypot((x[at] as number) - px, (y[at] as number) - py);
      const least = Math.min(...all.filter(counts).map(distance));
      const found = nearest(grid, px, py, radius, counts);
      if (least > radius) expect(found).toBe(-1);
      else expect(distance(found)).toBeCloseTo(least, 12);
    }
  });

  test("inside a line drawn around them", () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const line = Array.from({ length: 3 + turn }, (): Place => [draw() * 2, draw() * 10]);
      const expected = all.filter((at) => at % 2 === 0 && inside(line, ...place(at)));
      expect([...held(grid, line, (at) => at % 2 === 0)]).toEqual(expected);
    }
  });
});

describe("a line drawn around points", () => {
  /** Which of these places it holds. */
  const holds = (line: readonly Place[], ...places: readonly Place[]) => {
    const [x, y] = [Float64Array.from(places, ([x]) => x), Float64Array.from(places, ([, y]) => y)];
    const found = new Set(held(gridOf(x, y, boundsOf(x, y)), line, () => true));
    return places.map((_, at) => found.has(at));
  };

  test("holds what it encloses, not what its corners span", () => {
    const arrow: readonly Place[] = [
      [0, 0],
      [4, 0],
      [4, 4],
      [2, 1],
      [0, 4],
    ];
    expect(holds(arrow, [1, 1], [2, 3], [3.8, 3], [5, 0.5])).toEqual([true, false, true, false]);
  });

  test("that goes round twice does not hold the middle", () => {
    const turns = (times: number) =>
      Array.from({ length: 40 * times }, (_, at): Place => {
        const angle = (at / 40) * 2 * Math.PI;
        return [Math.cos(angle) * (1 + at / 100), Math.sin(angle) * (1 + at / 100)];
      });
    expect(holds(turns(1), [0, 0])).toEqual([true]);
    expect(holds(turns(2), [0, 0])).toEqual([false]);
  });

  test("of fewer than three places, or without height, holds nothing", () => {
    expect(holds([[0, 0]], [0, 0])).toEqual([false]);
    expect(
      holds(
        [
          [0, 0],
          [2, 10],
        ] as Place[],
        [1, 5],
      ),
    ).toEqual([false]);
    expect(
      holds(
        [
          [0, 0],
          [1, 0],
          [2, 0],
        ] as Place[],
        [1, 0],
      ),
    ).toEqual([false]);
  });

  test("may be a rectangle from any corner", () => {
    const corners: ReadonlyArray<readonly [Place, Place]> = [
      [
        [0, 0],
        [2, 3],
      ],
      [
        [2, 3],
        [0, 0],
      ],
      [
        [0, 3],
        [2, 0],
      ],
    ];
    for (const [one, other] of corners) expect(holds(rectangle(one, other), [1, 1], [1, 3.5])).toEqual([true, false]);
  });
});

test("a grid of no points, or of equal ones, finds them", () => {
  const none = gridOf(new Float64Array(), new Float64Array(), boundsOf(new Float64Array(), new Float64Array()));
  expect(nearest(none, 0, 0, 10, () => true)).toBe(-1);
  const [ex, ey] = [new Float64Array(9).fill(1), new Float64Array(9).fill(2)];
  const equal = gridOf(ex, ey, boundsOf(ex, ey));
  expect(nearest(equal, 1.1, 2, 0.2, (at) => at === 5)).toBe(5);
});
