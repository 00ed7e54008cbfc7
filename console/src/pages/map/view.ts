/** The part of the plane that is on the screen. Data has its y axis upwards, screens downwards. */

export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** The plot in CSS pixels, and the pixels of one unit of data when everything just fits. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly unit: number;
}

/** x, y: the point of the data in the middle. zoom: 1 when everything just fits, on any screen. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export type Place = readonly [x: number, y: number];

const MARGIN = 32;
const LEAST_ZOOM = 0.4;
const MOST_ZOOM = 5_000;

export function boundsOf(x: Float64Array, y: Float64Array): Bounds {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < x.length; at += 1) {
    const [px, py] = [x[at] as number, y[at] as number];
    if (px < left) left = px;
    if (px > right) right = px;
    if (py < bottom) bottom = py;
    if (py > top) top = py;
  }
  return left > right ? { left: -1, right: 1, bottom: -1, top: 1 } : { left, right, bottom, top };
}

export function frameOf(bounds: Bounds, width: number, height: number): Frame {
  const wide = bounds.right - bounds.left || 1;
  const tall = bounds.top - bounds.bottom || 1;
  const room = (size: number) => Math.max(size - 2 * MARGIN, size / 2, 1);
  return { width, height, unit: Math.min(room(width) / wide, room(height) / tall) };
}

export function whole(bounds: Bounds): View {
  return { x: (bounds.left + bounds.right) / 2, y: (bounds.bottom + bounds.top) / 2, zoom: 1 };
}

export function toScreen(view: View, frame: Frame, x: number, y: number): Place {
  const scale = frame.unit * view.zoom;
  return [frame.width / 2 + (x - view.x) * scale, frame.height / 2 - (y - view.y) * scale];
}

export function toData(view: View, frame: Frame, px: number, py: number): Place {
  const scale = frame.unit * view.zoom;
  return [view.x + (px - frame.width / 2) / scale, view.y - (py - frame.height / 2) / scale];
}

/** The view after the content was dragged by these pixels. */
export function panned(view: View, frame: Frame, dx: number, dy: number): View {
  const scale = frame.unit * view.zoom;
  return { ...view, x: view.x - dx / scale, y: view.y + dy / scale };
}

/** Zooms around a pixel: what lies under it stays there. */
export function zoomed(view: View, frame: Frame, factor: number, px: number, py: number): View {
  const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, view.zoom * factor));
  const [x, y] = toData(view, frame, px, py);
  const kept = view.zoom / zoom;
  return { x: x + (view.x - x) * kept, y: y + (view.y - y) * kept, zoom };
}

/** The view that shows this part of the data, with some room around it. */
export function around(part: Bounds, frame: Frame): View {
  const zoom = frameOf(part, frame.width, frame.height).unit / frame.unit;
  return { ...whole(part), zoom: Math.min(60, Math.max(LEAST_ZOOM, zoom)) };
}

/** What of the data is on the screen. */
export function shown(view: View, frame: Frame): Bounds {
  const [left, top] = toData(view, frame, 0, 0);
  const [right, bottom] = toData(view, frame, frame.width, frame.height);
  return { left, right, bottom, top };
}

/** Between two views, as an eye follows: the zoom changes evenly by factors. share: 0 to 1. */
export function between(from: View, to: View, share: number): View {
  const zoom = from.zoom * (to.zoom / from.zoom) ** share;
  const ratio = to.zoom / from.zoom;
  // The middle moves with what the zoom has done so far, so that zooming around a point keeps that point still.
  const moved = Math.abs(ratio - 1) < 1e-6 ? share : (1 - from.zoom / zoom) / (1 - 1 / ratio);
  return { x: from.x + (to.x - from.x) * moved, y: from.y + (to.y - from.y) * moved, zoom };
}

/** For the address; undefined for the view of everything. */
export function written(view: View, bounds: Bounds): string | undefined {
  const start = whole(bounds);
  if (view.x === start.x && view.y === start.y && view.zoom === 1) return undefined;
  return [view.x, view.y, view.zoom].map((value) => Number(value.toPrecision(5))).join(",");
}

export function read(text: string | undefined): View | undefined {
  const [x, y, zoom, ...more] = (text ?? "").split(",").map((part) => (part.trim() ? Number(part) : Number.NaN));
  if (more.length || ![x, y, zoom].every(Number.isFinite) || !zoom || zoom < LEAST_ZOOM || zoom > MOST_ZOOM) return;
  return { x: x as number, y: y as number, zoom };
}
