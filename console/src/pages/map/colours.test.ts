import { describe, expect, test } from "vitest";
import styles from "../../styles/tokens.css?raw";
import { lightness, parse, pixel, type Rgb, ramp } from "./colours";

test("colours are read from the theme's tokens", () => {
  expect(parse(" #1a6844")).toEqual([26, 104, 68]);
  expect(parse("#fff")).toEqual([255, 255, 255]);
  expect(parse("teal")).toEqual([128, 128, 128]);
});

test("a pixel's bytes are red, green, blue and opaque", () => {
  expect([...new Uint8Array(Int32Array.of(pixel([1, 2, 3])).buffer)]).toEqual([1, 2, 3, 255]);
});

test("a ramp begins and ends with its stops", () => {
  const found = ramp([parse("#123456"), parse("#abcdef"), parse("#fedcba")], 65);
  expect(found[0]).toEqual([0x12, 0x34, 0x56]);
  expect(found[32]).toEqual([0xab, 0xcd, 0xef]);
  expect(found[64]).toEqual([0xfe, 0xdc, 0xba]);
});

const themes = styles.split(/^:root/m).filter((block) => block.includes("--ramp-1"));

function token(block: string, name: string): Rgb {
  const found = new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(block);
  if (!found) throw new Error(`no --${name}`);
  return parse(found[1] as string);
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

describe.each(themes.map((block, at) => [at, block] as const))("the colours of theme %i", (_, block) => {
  test("of groups stand out from the ground as graphics must (3 to 1)", () => {
    for (let place = 1; place <= 12; place += 1) {
      expect(contrast(token(block, `series-${place}`), token(block, "surface")), `series-${place}`).toBeGreaterThan(3);
    }
    expect(contrast(token(block, "map-other"), token(block, "surface"))).toBeGreaterThan(3);
  });

  test("of numbers lead from one lightness to another without turning back", () => {
    const steps = ramp(
      [1, 2, 3, 4].map((stop) => token(block, `ramp-${stop}`)),
      64,
    ).map(lightness);
    const rising = (steps.at(-1) as number) > (steps[0] as number) ? 1 : -1;
    for (let at = 1; at < steps.length; at += 1) {
      expect(rising * ((steps[at] as number) - (steps[at - 1] as number))).toBeGreaterThan(-0.003);
    }
    expect(Math.abs((steps.at(-1) as number) - (steps[0] as number))).toBeGreaterThan(0.35);
  });
});

test("every theme has them", () => expect(themes).toHaveLength(3));
