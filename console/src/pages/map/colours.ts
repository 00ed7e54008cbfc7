/** Colours as numbers: read from the theme, mixed in a space where equal steps look equal. */

export type Rgb = readonly [red: number, green: number, blue: number];
type Lab = readonly [lightness: number, a: number, b: number];

/** From "#rrggbb" or "#rgb"; grey when it is something else. */
export function parse(text: string): Rgb {
  const hex = text.trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (!found) return [128, 128, 128];
  return [1, 2, 3].map((place) => Number.parseInt(found[place] as string, 16)) as unknown as Rgb;
}

/** As the 32 bits of a pixel in ImageData on a little-endian machine, which all that browsers run on are. */
export function pixel([red, green, blue]: Rgb): number {
  return 0xff000000 | (blue << 16) | (green << 8) | red;
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** `steps` colours that lead evenly through the stops. */
export function ramp(stops: readonly Rgb[], steps: number): readonly Rgb[] {
  const labs = stops.map(toLab);
  return Array.from({ length: steps }, (_, step) => {
    const place = steps === 1 ? 0 : (step / (steps - 1)) * (labs.length - 1);
    const at = Math.min(labs.length - 2, Math.floor(place));
    const [from, to] = [labs[at] as Lab, labs[at + 1] as Lab];
    return fromLab(from.map((value, axis) => value + ((to[axis] as number) - value) * (place - at)) as unknown as Lab);
  });
}

/** OKLab's lightness: 0 to 1. */
export function lightness(colour: Rgb): number {
  return toLab(colour)[0];
}

// Björn Ottosson, "A perceptual color space for image processing" (2020).
function toLab(colour: Rgb): Lab {
  const [r, g, b] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([lightness, a, b]: Lab): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((value) => {
    const share = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.max(0, Math.min(255, Math.round(share * 255)));
  }) as unknown as Rgb;
}
