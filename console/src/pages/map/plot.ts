/** The drawing itself, outside of the components: it draws at most once a frame, and only when something changed. */

import type { Look } from "./look";
import { drawOver, type Marks, type Named } from "./overlay";
import { type Picture, paint, type Stamp, stamp } from "./painting";
import type { Points } from "./points";
import { between, type Frame, frameOf, type Place, toData, toScreen, type View, whole } from "./view";

export interface Scene {
  readonly points: Points;
  readonly faint: Uint32Array;
  readonly full: Uint32Array;
  readonly names: readonly Named[];
}

export const NO_MARKS: Marks = { query: null, neighbours: [], pinned: null, hovered: null, stroke: [] };
const FLIGHT = 380;
const SETTLED = 250;
const MOST_PIXELS = 6_000_000;
const LARGEST = 7;

export class Plot {
  view: View = { x: 0, y: 0, zoom: 1 };
  frame: Frame = { width: 1, height: 1, unit: 1 };
  marks: Marks = NO_MARKS;
  cross = false;
  /** Called when the view has come to rest. */
  onSettled: (view: View) => void = () => {};
  private scene: Scene | undefined;
  private look: Look | undefined;
  private ratio = 1;
  private image: ImageData | undefined;
  private picture: Picture | undefined;
  private stamps = new Map<string, Stamp>();
  private asked = 0;
  private stale = true;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private flight: { from: View; to: View; began: number } | undefined;
  private readonly below: CanvasRenderingContext2D;
  private readonly above: CanvasRenderingContext2D;

  constructor(below: HTMLCanvasElement, above: HTMLCanvasElement) {
    this.below = below.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
    this.above = above.getContext("2d") as CanvasRenderingContext2D;
  }

  close(): void {
    cancelAnimationFrame(this.asked);
    clearTimeout(this.settling);
  }

  resize(width: number, height: number): void {
    this.ratio = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / (width * height)));
    for (const { canvas } of [this.below, this.above]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    this.above.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const room = 2 * Math.ceil(LARGEST * this.ratio + 2);
    const { width: columns, height: lines } = this.below.canvas;
    this.image = new ImageData(columns + 2 * room, lines + 2 * room);
    this.picture = { pixels: new Int32Array(this.image.data.buffer), width: columns, height: lines, room };
    this.stamps.clear();
    this.frame = { ...this.frame, width, height };
    this.fit();
    this.stale = true;
    this.draw(); // a canvas whose size was set is empty: not for a frame either
  }

  show(scene: Scene, look: Look): void {
    this.scene = scene;
    this.look = look;
    this.fit();
    this.request();
  }

  mark(changed: Partial<Marks>): void {
    this.marks = { ...this.marks, ...changed };
    this.request(false);
  }

  set(view: View): void {
    this.flight = undefined;
    this.view = view;
    this.request();
    this.settle();
  }

  /** Moves there so that the eye can follow, or at once for those who want no motion. */
  fly(to: View): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.set(to);
      return;
    }
    this.flight = { from: this.view, to, began: performance.now() };
    this.request();
  }

  /** The view of everything. */
  get start(): View {
    return this.scene ? whole(this.scene.points.bounds) : this.view;
  }

  put = ([x, y]: Place): Place => toScreen(this.view, this.frame, x, y);
  take = ([x, y]: Place): Place => toData(this.view, this.frame, x, y);

  /** Of a point, in CSS pixels: smaller where there are many, larger when one looks closer. */
  radius(): number {
    const { width, height } = this.frame;
    const base = 0.17 * Math.sqrt((width * height) / Math.max(1, this.scene?.points.count ?? 1));
    return Math.min(LARGEST, Math.max(1.15, Math.min(4, base)) * Math.max(0.8, this.view.zoom ** 0.3));
  }

  /** points: whether these changed, and not only what lies above them. */
  request(points = true): void {
    this.stale ||= points;
    if (!this.asked) this.asked = requestAnimationFrame(() => this.step());
  }

  private fit(): void {
    const { width, height } = this.frame;
    if (this.scene) this.frame = frameOf(this.scene.points.bounds, width, height);
  }

  private settle(): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.onSettled(this.view), SETTLED);
  }

  private step(): void {
    this.asked = 0;
    if (this.flight) {
      const { from, to, began } = this.flight;
      this.stale = true;
      const share = Math.min(1, (performance.now() - began) / FLIGHT);
      this.view = share === 1 ? to : between(from, to, 1 - (1 - share) ** 3);
      if (share === 1) {
        this.flight = undefined;
        this.settle();
      } else this.request();
    }
    this.draw();
  }

  private draw(): void {
    const { scene, look, picture, image, frame, view } = this;
    if (!scene || !look || !picture || !image) return;
    const began = performance.now();
    if (this.stale) this.drawPoints(scene, look, picture, image);
    this.stale = false;
    drawOver(this.above, this.marks, scene.names, this.put, look, { ...frame, cross: this.cross });
    const { dataset } = this.above.canvas;
    dataset.milliseconds = (performance.now() - began).toFixed(2);
    dataset.view = `${view.x},${view.y},${frame.unit * view.zoom}`;
    dataset.points = String(scene.full.length + scene.faint.length);
  }

  private drawPoints(scene: Scene, look: Look, picture: Picture, image: ImageData): void {
    const { frame, ratio, view } = this;
    const { room } = picture;
    const scale = frame.unit * view.zoom * ratio;
    const onto = {
      scaleX: scale,
      scaleY: -scale,
      shiftX: (frame.width / 2) * ratio - view.x * scale,
      shiftY: (frame.height / 2) * ratio + view.y * scale,
    };
    const points = { x: scene.points.x, y: scene.points.y, tint: scene.points.colouring.tint };
    picture.pixels.fill(look.ground);
    if (scene.faint.length) paint(picture, points, scene.faint, onto, this.stamp(0.7), look.quiet);
    paint(picture, points, scene.full, onto, this.stamp(this.strength(), this.emphasis()), look.palette);
    this.below.putImageData(image, -room, -room, room, room, picture.width, picture.height);
  }

  /** Many points on one another still show where most of them are. */
  private strength(): number {
    const crowd = Math.min(1, (this.scene?.points.count ?? 0) / 60_000);
    return Math.min(0.92, 0.9 - 0.3 * crowd + 0.12 * Math.log2(Math.max(1, this.view.zoom)));
  }

  /** A few points that stand out of many are drawn larger. */
  private emphasis(): number {
    const { faint, full } = this.scene ?? {};
    if (!faint?.length || !full) return 1;
    return full.length < 0.02 * faint.length ? 2 : 1.3;
  }

  private stamp(strength: number, times = 1): Stamp {
    const radius = Math.round(Math.min(LARGEST, this.radius() * times) * this.ratio * 8) / 8;
    const level = Math.round(strength * 32) / 32;
    const key = `${radius} ${level}`;
    let made = this.stamps.get(key);
    if (!made) {
      if (this.stamps.size > 200) this.stamps.clear();
      made = stamp(radius, (this.picture?.width ?? 0) + 2 * (this.picture?.room ?? 0), level);
      this.stamps.set(key, made);
    }
    return made;
  }
}
