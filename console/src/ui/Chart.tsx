import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { language, words } from "../state/language";
import { shownTheme } from "../state/theme";
import { type Axis, aligned, type ChartData, lookOf, options, type Series, written } from "./plot";

export type { Axis, Series } from "./plot";

const say = words({
  figures: { en: "The figures as a table", ko: "수치를 표로 보기" },
  series: { en: "What is shown", ko: "표시 항목" },
  nothing: { en: "There is nothing to draw yet.", ko: "아직 그릴 값이 없습니다." },
});

interface Props extends ChartData {
  readonly title: string;
}

/** A chart, and the same figures as a table for those who cannot see it. Dragging zooms, a double click shows all. */
export function Chart(props: Props) {
  const { at, series, shape = "lines", height = 280, x, y, title } = props;
  const place = useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [row, setRow] = useState<number | null>(null);
  const look = `${shownTheme.value} ${language.value}`;
  const rows = useMemo(() => aligned(props), [at, series, y.log]);

  useEffect(() => {
    const parent = place.current;
    if (!parent || at.length === 0) return;
    const chart = new uPlot(options(props, hidden, parent.clientWidth, setRow), rows, parent);
    const observer = new ResizeObserver(() => {
      if (parent.clientWidth > 0) chart.setSize({ width: parent.clientWidth, height });
    });
    observer.observe(parent);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [rows, shape, height, x.label, x.log, x.least, x.most, y.label, y.log, y.least, y.most, hidden, look]);

  const toggle = (label: string) =>
    setHidden((before) => {
      const after = new Set(before);
      if (!after.delete(label)) after.add(label);
      return after;
    });

  return (
    <figure class="stack tight plot">
      <figcaption>
        <strong>{title}</strong>
      </figcaption>
      {at.length === 0 && <p class="soft">{say("nothing")}</p>}
      <div ref={place} class="chart" aria-hidden="true" />
      {at.length > 0 && (
        <>
          <Legend {...props} hidden={hidden} row={row} onToggle={toggle} />
          <Figures at={at} x={x} y={y} series={series} />
        </>
      )}
    </figure>
  );
}

interface LegendProps extends ChartData {
  readonly hidden: ReadonlySet<string>;
  readonly row: number | null;
  readonly onToggle: (label: string) => void;
}

/** Names of the series, which can be taken out, and their values where the pointer is. */
function Legend({ at, x, y, series, shape, hidden, row, onToggle }: LegendProps) {
  const here = row === null ? undefined : at[row];
  return (
    <div class="plot-legend" role="group" aria-label={say("series")}>
      {(series.length > 1 || row !== null) &&
        series.map((one, place) => (
          <button
            key={one.label}
            type="button"
            aria-pressed={!hidden.has(one.label)}
            disabled={series.length === 1}
            onClick={() => onToggle(one.label)}
          >
            <Mark place={place} kind={one.dashed ? "dashed" : one.ring ? "ring" : (one.shape ?? shape ?? "lines")} />
            <span class="data">{one.label}</span>
            {row !== null && (one.values[row] ?? null) !== null && (
              <strong class="data">
                {written(y, one.values[row])}
                {one.notes?.[row] ? ` · ${one.notes[row]}` : ""}
              </strong>
            )}
          </button>
        ))}
      {here !== undefined && (
        <span class="soft">
          {x.label} {written(x, here)}
        </span>
      )}
    </div>
  );
}

function Mark({ place, kind }: { place: number; kind: string }) {
  const { color, mark: corners } = lookOf(place);
  const mark =
    corners.length === 0 ? (
      <circle r="3.5" fill="currentColor" />
    ) : (
      <polygon points={corners.map(([x, y]) => `${3.5 * x},${3.5 * y}`).join(" ")} fill="currentColor" />
    );
  return (
    <svg viewBox="-11 -6 22 12" width="22" height="12" aria-hidden="true" style={{ color: `var(--${color})` }}>
      {kind === "bars" && <rect x="-6" y="-5" width="12" height="10" rx="1" fill="currentColor" />}
      {kind === "ring" && <circle r="5" fill="none" stroke="currentColor" stroke-width="2" />}
      {(kind === "lines" || kind === "dashed") && (
        <line
          x1="-11"
          x2="11"
          stroke="currentColor"
          stroke-width="2"
          {...(kind === "dashed" ? { "stroke-dasharray": "5 3" } : {})}
        />
      )}
      {(kind === "lines" || kind === "points") && mark}
    </svg>
  );
}

function Figures({ at, x, y, series }: { at: readonly number[]; x: Axis; y: Axis; series: readonly Series[] }) {
  return (
    <details>
      <summary class="soft small">{say("figures")}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll plot-figures" tabIndex={0} role="region" aria-label={say("figures")}>
        <table class="table">
          <thead>
            <tr>
              <th class="number">{x.label}</th>
              {series.map((one) => (
                <th key={one.label} class="number">
                  {one.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {at.map((place, row) => (
              <tr key={row}>
                <td class="number">{written(x, place)}</td>
                {series.map((one) => (
                  <td key={one.label} class="number">
                    {written(y, one.values[row])}
                    {one.band && <Band low={one.band.low[row]} high={one.band.high[row]} y={y} />}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Band({ low, high, y }: { low: number | null | undefined; high: number | null | undefined; y: Axis }) {
  if ((low ?? null) === null || (high ?? null) === null) return null;
  return (
    <span class="soft">
      {" "}
      ({written(y, low)}–{written(y, high)})
    </span>
  );
}
