import { describe, expect, test } from "vitest";
import { parse, pixel } from "./colours";
import { type Picture, paint, stamp } from "./painting";

const [WHITE, RED, BLUE] = ["#ffffff", "#cc0000", "#0033cc"].map((text) => pixel(parse(text))) as [
  number,
  number,
  number,
];

function picture(width: number, height: number, room: number): Picture {
  return { pixels: new Int32Array((width + 2 * room) * (height + 2 * room)).fill(WHITE), width, height, room };
}

function drawn(places: ReadonlyArray<readonly [number, number]>, radius: number, strength: number, order?: number[]) {
  const disc = stamp(radius, 40 + 40, strength);
  const made = picture(40, 30, 20);
  const points = {
    x: Float64Array.from(places, ([x]) => x),
    y: Float64Array.from(places, ([, y]) => y),
    tint: Uint8Array.from(places, (_, at) => at % 2),
  };
  const onto = { scaleX: 1, scaleY: 1, shiftX: 0, shiftY: 0 };
  paint(made, points, Uint32Array.from(order ?? places.keys()), onto, disc, Int32Array.of(RED, BLUE));
  return { at: (x: number, y: number) => made.pixels[(y + 20) * 80 + x + 20], pixels: made.pixels, disc };
}

describe("a disc", () => {
  test("is its colour in the middle and the ground outside", () => {
    const { at } = drawn([[10.5, 8.5]], 3, 1);
    expect(at(10, 8)).toBe(RED);
    expect(at(10, 11)).not.toBe(WHITE);
    expect(at(10, 13)).toBe(WHITE);
    expect(at(14, 8)).toBe(WHITE);
  });

  test("covers about the area of a circle, wherever its middle lies in a pixel", () => {
    for (const radius of [1.15, 2, 4.5]) {
      for (const part of stamp(radius, 100, 1).parts) {
        const area = part.reduce((sum, value, at) => sum + (at % 2) * value, 0) / 256;
        expect(Math.abs(area / (Math.PI * radius ** 2) - 1)).toBeLessThan(0.12);
      }
    }
  });

  test("moves with its middle by less than a pixel", () => {
    const left = drawn([[10.1, 8.5]], 3, 1);
    const right = drawn([[10.9, 8.5]], 3, 1);
    const weight = (of: typeof left, x: number) => 255 - (((of.at(x, 8) as number) >> 8) & 255);
    expect(weight(left, 7)).toBeGreaterThan(weight(right, 7));
    expect(weight(left, 13)).toBeLessThan(weight(right, 13));
  });

  test("lets the ground through by its strength, channel by channel", () => {
    const middle = drawn([[10.5, 8.5]], 3, 0.5).at(10, 8) as number;
    expect(middle >>> 24).toBe(255);
    expect(Math.abs((middle & 255) - (0xcc + 255) / 2)).toBeLessThan(2);
    expect(Math.abs(((middle >> 8) & 255) - 127)).toBeLessThan(2);
    expect(Math.abs(((middle >> 16) & 255) - 127)).toBeLessThan(2);
  });

  test("above another hides it, and the order says which is above", () => {
    const both = [
      [10.5, 8.5],
      [11.5, 8.5],
    ] as const;
    expect(drawn(both, 4, 1).at(11, 8)).toBe(BLUE);
    expect(drawn(both, 4, 1, [1, 0]).at(11, 8)).toBe(RED);
  });

  test("beyond the edge shows the part that is within", () => {
    const { at } = drawn([[-1, 15]], 4, 1);
    expect(at(0, 15)).toBe(RED);
  });

  test("far away, or nowhere, changes nothing", () => {
    const { pixels } = drawn(
      [
        [-500, 10],
        [500, 10],
        [10, -500],
        [10, 1e12],
        [Number.NaN, 5],
      ],
      4,
      1,
    );
    expect(pixels.every((one) => one === WHITE)).toBe(true);
  });

  test("at any edge stays within the memory of the picture", () => {
    const disc = stamp(7, 80, 1);
    expect(2 * disc.reach).toBeLessThanOrEqual(20);
    const ring = Array.from({ length: 400 }, (_, at) => [
      20 + 32 * Math.cos(at / 60),
      15 + 27 * Math.sin(at / 60),
    ]) as Array<[number, number]>;
    const { pixels } = drawn(ring, 7, 1);
    expect(pixels.length).toBe(80 * 70);
    expect(pixels.every((one) => one >>> 24 === 255)).toBe(true);
  });
});
