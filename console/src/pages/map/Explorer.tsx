import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Index } from "../../api/indexes";
import { type MapRequest, mapCall } from "../../api/map";
import { AsCode } from "../../ui/AsCode";
import { Canvas } from "./Canvas";
import type { Tool } from "./gestures";
import { inBox } from "./grid";
import { useLook } from "./look";
import { movesOf } from "./moves";
import { PointsTable } from "./PointsTable";
import type { Plot } from "./plot";
import { maskOf, type Points } from "./points";
import { RecordCard } from "./RecordCard";
import { Side } from "./Side";
import { Summary } from "./Summary";
import type { Settings } from "./settings";
import { Tools } from "./Tools";
import { sameRecords } from "./useMap";
import { useQueried } from "./useQueried";
import { useScene } from "./useScene";
import { type Bounds, shown, type View, whole, written } from "./view";

const NOTHING = new Uint32Array();

interface Props {
  readonly index: Index;
  readonly settings: Settings;
  readonly request: MapRequest;
  readonly points: Points;
  /** The field whose values the points have. */
  readonly field: string | undefined;
  readonly waiting: boolean;
  readonly onChange: (changed: Readonly<Record<string, string | undefined>>) => void;
}

/** The map, and what was chosen on it. */
export function Explorer(props: Props) {
  const { index, settings, request, points, field, waiting } = props;
  const plot = useRef<Plot | null>(null);
  const look = useLook();
  const [tool, setTool] = useState<Tool>("pan");
  const [chosen, setChosen] = useState<Uint32Array>(NOTHING);
  const [box, setBox] = useState<Bounds>();
  const [row, setRow] = useState<number | null>(null);
  const [odd, setOdd] = useState<readonly number[] | null>(null);
  const queried = useQueried(index.name, index.embed?.model, settings, request, points);
  const lit = useMemo(() => {
    if (row !== null) return points.colouring.of.map((one) => Number(one === row));
    if (odd) return maskOf(odd, points.count);
    return chosen.length ? maskOf(chosen, points.count) : null;
  }, [points, row, odd, chosen]);
  const scene = useScene(points, settings, queried.answer, lit);
  const change = useRef(props.onChange);
  change.current = props.onChange;

  const seen = useRef<Points>(undefined);
  useLayoutEffect(() => {
    const before = seen.current;
    seen.current = points;
    if (before && sameRecords(before, points)) return;
    plot.current?.set((!before && settings.view) || whole(points.bounds));
    setChosen(NOTHING);
  }, [points, settings.view]);

  const see = useCallback(
    (view: View) => {
      if (plot.current) setBox(shown(view, plot.current.frame));
      change.current({ view: written(view, points.bounds) });
    },
    [points],
  );
  const inView = useMemo(() => {
    const found: number[] = [];
    inBox(points.grid, box ?? points.bounds, (at) => {
      if (scene.shown(at)) found.push(at);
    });
    return new Uint32Array(found).sort();
  }, [points, box, scene.shown]);
  const moves = movesOf(() => plot.current, points);
  const choose = (places: Uint32Array) => {
    setChosen(places);
    if (places.length) props.onChange({ panel: "chosen" });
  };
  const pin = (id: string) => {
    const at = points.place(id);
    if (at !== undefined) moves.bring([points.x[at] as number, points.y[at] as number]);
    props.onChange({ record: id });
  };
  const { record } = settings;

  return (
    <>
      <div class="map-layout">
        <div class="map-main" aria-busy={waiting}>
          <Canvas
            index={index.name}
            points={points}
            scene={scene}
            look={look}
            tool={tool}
            plot={plot}
            onView={see}
            onChosen={choose}
            onPin={(at) => props.onChange({ record: points.answer.ids[at] })}
            onSelectView={() => choose(inView)}
            onRelease={() => {
              setChosen(NOTHING);
              props.onChange({ record: undefined });
            }}
          />
          <Tools
            tool={tool}
            onTool={setTool}
            onSelectView={() => choose(inView)}
            onZoom={moves.zoom}
            onWhole={moves.whole}
          />
          {waiting && <span class="map-busy spinner" aria-hidden="true" />}
          <Summary answer={points.answer} />
        </div>
        <div class="stack map-side">
          {record !== undefined && (
            <RecordCard
              index={index.name}
              namespace={settings.namespace}
              id={record}
              onMap={points.place(record) !== undefined}
              onNeighbours={() => props.onChange({ near: record, text: undefined, panel: "query" })}
              onClose={() => props.onChange({ record: undefined })}
            />
          )}
          <Side
            {...props}
            look={look}
            queried={queried}
            chosen={chosen}
            onPin={pin}
            onLightRow={setRow}
            onLightOdd={setOdd}
            onZoomTo={moves.zoomTo}
            onClear={() => setChosen(NOTHING)}
          />
        </div>
      </div>
      <AsCode call={mapCall(index.name, request)} />
      <PointsTable
        points={points}
        field={field}
        places={chosen.length ? chosen : inView}
        chosen={chosen.length > 0}
        onPin={(at) => pin(points.answer.ids[at] as string)}
      />
    </>
  );
}
