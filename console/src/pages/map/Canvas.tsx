import type { RefObject } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { words } from "../../state/language";
import { listen, type Tool } from "./gestures";
import { nearest } from "./grid";
import { HoverCard } from "./HoverCard";
import { moved } from "./keys";
import { held, rectangle } from "./lasso";
import type { Look } from "./look";
import { Plot } from "./plot";
import type { Points } from "./points";
import type { Scene } from "./useScene";
import { type Place, panned, type View, zoomed } from "./view";

const say = words({
  map: { en: "Map of {count} points", ko: "점 {count}개의 지도" },
  keys: {
    en: "Arrow keys move, plus and minus zoom, 0 shows everything. Enter opens the point in the middle, S selects what is in view, Escape lets go.",
    ko: "화살표 키로 이동, + - 로 확대·축소, 0으로 전체 보기. Enter는 가운데 점 열기, S는 보이는 점 선택, Esc는 해제입니다.",
  },
});

const REACH = 12;
const MIDDLE_REACH = 40;

interface Props {
  readonly index: string;
  readonly points: Points;
  readonly scene: Scene;
  readonly look: Look;
  readonly tool: Tool;
  readonly plot: RefObject<Plot | null>;
  readonly onView: (view: View) => void;
  readonly onChosen: (chosen: Uint32Array) => void;
  readonly onPin: (at: number) => void;
  readonly onSelectView: () => void;
  readonly onRelease: () => void;
}

/** The map, and what pointers and keys do on it. */
export function Canvas(props: Props) {
  const { points, look, scene, plot } = props;
  const { order, names, marks } = scene;
  const host = useRef<HTMLDivElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hovered, setHovered] = useState<{ readonly at: number }>();
  const keys = useId();

  const pointAt = (place: Place, reach: number) => {
    const { points, scene } = latest.current;
    const drawing = plot.current;
    if (!drawing) return -1;
    const [x, y] = drawing.take(place);
    return nearest(points.grid, x, y, reach / (drawing.frame.unit * drawing.view.zoom), scene.shown);
  };
  const hover = (at: number) => {
    const { points } = latest.current;
    plot.current?.mark({ hovered: at < 0 ? null : [points.x[at] as number, points.y[at] as number] });
    setHovered(at < 0 ? undefined : { at }); // anew each time: the same point may be elsewhere on the screen
  };

  useLayoutEffect(() => {
    const element = host.current as HTMLDivElement;
    const drawing = new Plot(below.current as HTMLCanvasElement, above.current as HTMLCanvasElement);
    plot.current = drawing;
    drawing.onSettled = (view) => latest.current.onView(view);
    let line: Place[] = [];
    const size = new ResizeObserver(() => drawing.resize(element.clientWidth, element.clientHeight));
    size.observe(element);
    const ends = listen(element, {
      tool: () => latest.current.tool,
      pan: (dx, dy) => drawing.set(panned(drawing.view, drawing.frame, dx, dy)),
      zoom: (factor, [px, py]) => {
        hover(-1);
        drawing.set(zoomed(drawing.view, drawing.frame, factor, px, py));
      },
      hover: (at) => hover(at ? pointAt(at, REACH) : -1),
      tap: (at) => {
        const found = pointAt(at, REACH);
        if (found >= 0) latest.current.onPin(found);
      },
      stroke: (at, tool, first) => {
        if (first) line = [drawing.take(at)];
        else if (tool === "lasso") line = [...line, drawing.take(at)];
        else line = [...rectangle(line[0] as Place, drawing.take(at))];
        drawing.mark({ stroke: line });
      },
      strokeEnd: (whole) => {
        drawing.mark({ stroke: [] });
        const { points, scene, onChosen } = latest.current;
        if (whole) onChosen(held(points.grid, line, scene.shown));
      },
    });
    return () => {
      ends();
      size.disconnect();
      drawing.close();
    };
  }, [plot]);

  useLayoutEffect(() => plot.current?.show({ points, names, ...order }, look), [plot, points, names, order, look]);
  useLayoutEffect(() => plot.current?.mark(marks), [plot, marks]);
  useEffect(() => hover(-1), [points]); // what was under the pointer is gone

  const onKeyDown = (event: KeyboardEvent) => {
    const drawing = plot.current;
    if (!drawing || event.ctrlKey || event.metaKey || event.altKey) return;
    const view = moved(event.key, drawing);
    if (view) drawing.set(view);
    else if (event.key === "Enter" && hovered) props.onPin(hovered.at);
    else if (event.key.toLowerCase() === "s") props.onSelectView();
    else if (event.key === "Escape") props.onRelease();
    else return;
    event.preventDefault();
    drawing.cross = true;
    if (view) hover(pointAt([drawing.frame.width / 2, drawing.frame.height / 2], MIDDLE_REACH));
  };
  const setCross = (cross: boolean) => {
    if (!plot.current) return;
    plot.current.cross = cross;
    plot.current.request(false);
  };

  return (
    <div
      ref={host}
      class={`map-canvas ${props.tool}`}
      role="application"
      aria-label={say("map", { count: points.count })}
      aria-describedby={keys}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application of its own, with keys
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) => setCross(event.currentTarget.matches(":focus-visible"))}
      onBlur={() => setCross(false)}
      onPointerDown={() => setCross(false)}
    >
      <div aria-hidden="true">
        <canvas ref={below} />
        <canvas ref={above} class="above" />
      </div>
      <span id={keys} class="hidden-visually">
        {say("keys")}
      </span>
      {hovered && hovered.at < points.count && (
        <HoverCard key={hovered.at} index={props.index} points={points} at={hovered.at} plot={plot} look={look} />
      )}
    </div>
  );
}
