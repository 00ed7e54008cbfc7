/** The theme's colours, as the map needs them. */

import { useEffect, useState } from "preact/hooks";
import { GROUPS, MISSING, OTHER, PALETTE, PLAIN, RAMP, RAMP_STEPS } from "./colouring";
import { css, parse, pixel, type Rgb, ramp } from "./colours";

export interface Look {
  /** By the places of `colouring.ts`, for pixels and for elements. */
  readonly palette: Int32Array;
  readonly css: readonly string[];
  /** All places in one quiet colour, for points that stand back. */
  readonly quiet: Int32Array;
  readonly ground: number;
  readonly text: { readonly ink: string; readonly halo: string; readonly soft: string; readonly accent: string };
  readonly font: string;
}

function read(): Look {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const colour = (name: string) => parse(token(name));
  const palette = new Array<Rgb>(PALETTE).fill([0, 0, 0]);
  for (let place = 0; place < GROUPS; place += 1) palette[place] = colour(`series-${place + 1}`);
  palette[OTHER] = colour("map-other");
  palette[MISSING] = colour("map-missing");
  palette[PLAIN] = colour("series-1");
  ramp(
    [1, 2, 3, 4].map((stop) => colour(`ramp-${stop}`)),
    RAMP_STEPS,
  ).forEach((step, place) => {
    palette[RAMP + place] = step;
  });
  return {
    palette: Int32Array.from(palette, pixel),
    css: palette.map(css),
    quiet: new Int32Array(PALETTE).fill(pixel(colour("map-quiet"))),
    ground: pixel(colour("surface")),
    text: { ink: token("ink"), halo: token("surface"), soft: token("ink-soft"), accent: token("accent") },
    font: token("font"),
  };
}

/** Read again when the theme changes. */
export function useLook(): Look {
  const [look, setLook] = useState(read);
  useEffect(() => {
    const again = () => setLook(read());
    again();
    const root = new MutationObserver(again);
    root.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => root.disconnect();
  }, []);
  return look;
}
