/** Ways to another view, for buttons and lists. */

import type { Plot } from "./plot";
import type { Points } from "./points";
import { around, boundsOf, type Place, shown, whole, zoomed } from "./view";

export function movesOf(plot: () => Plot | null, points: Points) {
  return {
    whole: () => plot()?.fly(whole(points.bounds)),
    zoom: (factor: number) => {
      const drawing = plot();
      if (!drawing) return;
      const { width, height } = drawing.frame;
      drawing.fly(zoomed(drawing.view, drawing.frame, factor, width / 2, height / 2));
    },
    zoomTo: (places: Uint32Array) => {
      const x = Float64Array.from(places, (at) => points.x[at] as number);
      const y = Float64Array.from(places, (at) => points.y[at] as number);
      const drawing = plot();
      drawing?.fly(around(boundsOf(x, y), drawing.frame));
    },
    /** A place that is out of sight comes into the middle. */
    bring: ([x, y]: Place) => {
      const drawing = plot();
      if (!drawing) return;
      const { left, right, bottom, top } = shown(drawing.view, drawing.frame);
      if (x < left || x > right || y < bottom || y > top) drawing.fly({ ...drawing.view, x, y });
    },
  };
}
