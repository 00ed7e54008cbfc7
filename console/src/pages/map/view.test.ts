import { describe, expect, test } from "vitest";
import {
  around,
  between,
  boundsOf,
  frameOf,
  panned,
  read,
  shown,
  toData,
  toScreen,
  whole,
  written,
  zoomed,
} from "./view";

const bounds = { left: -2, right: 2, bottom: 0, top: 10 };
const frame = frameOf(bounds, 800, 600);
const view = { x: 0.5, y: 4, zoom: 3 };

describe("a view", () => {
  test("of everything has every point on the screen", () => {
    for (const [x, y] of [
      [-2, 0],
      [2, 10],
      [-2, 10],
    ] as const) {
      const [px, py] = toScreen(whole(bounds), frame, x, y);
      expect(px).toBeGreaterThan(0);
      expect(px).toBeLessThan(800);
      expect(py).toBeGreaterThan(0);
      expect(py).toBeLessThan(600);
    }
  });

  test("has greater y higher up", () => {
    expect(toScreen(view, frame, 0, 5)[1]).toBeLessThan(toScreen(view, frame, 0, 4)[1]);
  });

  test("leads to the screen and back", () => {
    const [px, py] = toScreen(view, frame, 1.25, 3.5);
    const [x, y] = toData(view, frame, px, py);
    expect(x).toBeCloseTo(1.25);
    expect(y).toBeCloseTo(3.5);
  });

  test("follows the pointer that drags it", () => {
    const held = toData(view, frame, 300, 200);
    const [px, py] = toScreen(panned(view, frame, 40, -25), frame, ...held);
    expect(px).toBeCloseTo(340);
    expect(py).toBeCloseTo(175);
  });

  test("keeps what is under the pointer when it zooms, also at the limits", () => {
    for (const factor of [1.7, 0.3, 1e9, 1e-9]) {
      const under = toData(view, frame, 120, 450);
      const [px, py] = toScreen(zoomed(view, frame, factor, 120, 450), frame, ...under);
      expect(px).toBeCloseTo(120);
      expect(py).toBeCloseTo(450);
    }
    expect(zoomed(view, frame, 1e9, 0, 0).zoom).toBe(5000);
  });

  test("around a part shows all of it", () => {
    const part = { left: 0, right: 0.5, bottom: 2, top: 3 };
    const seen = shown(around(part, frame), frame);
    expect(seen.left).toBeLessThan(0);
    expect(seen.right).toBeGreaterThan(0.5);
    expect(seen.bottom).toBeLessThan(2);
    expect(seen.top).toBeGreaterThan(3);
  });

  test("moves to another without letting the pointer's place drift", () => {
    const to = zoomed(view, frame, 8, 700, 100);
    const under = toData(view, frame, 700, 100);
    for (const share of [0, 0.25, 0.5, 0.9, 1]) {
      const [px, py] = toScreen(between(view, to, share), frame, ...under);
      expect(px).toBeCloseTo(700);
      expect(py).toBeCloseTo(100);
    }
    expect(between(view, to, 1).x).toBeCloseTo(to.x);
  });

  test("of the same zoom moves evenly", () => {
    expect(between({ x: 0, y: 0, zoom: 2 }, { x: 4, y: 8, zoom: 2 }, 0.25)).toEqual({ x: 1, y: 2, zoom: 2 });
  });

  test("stands in the address, but not when it is the whole", () => {
    expect(written(whole(bounds), bounds)).toBeUndefined();
    expect(read(written({ x: 0.123456, y: -7, zoom: 2.5 }, bounds))).toEqual({ x: 0.12346, y: -7, zoom: 2.5 });
  });

  test.each([
    undefined,
    "",
    "1,2",
    "1,2,3,4",
    "a,b,c",
    "1,,3",
    "1,2,0",
    "1,2,-3",
    "1,2,1e9",
    "NaN,1,1",
    "Infinity,0,1",
  ])("is not read from %j", (text) => expect(read(text)).toBeUndefined());
});

test("bounds of no points, and of equal points, can still be shown", () => {
  const none = boundsOf(new Float64Array(), new Float64Array());
  expect(frameOf(none, 300, 300).unit).toBeGreaterThan(0);
  const one = boundsOf(Float64Array.of(3, 3), Float64Array.of(4, 4));
  expect(toScreen(whole(one), frameOf(one, 300, 200), 3, 4)).toEqual([150, 100]);
});
