import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { language, number, words } from "../state/language";
import { theme } from "../state/theme";

const say = words({ figures: { en: "The figures as a table", ko: "수치를 표로 보기" } });

export interface Series {
  readonly label: string;
  readonly values: ReadonlyArray<number | null>;
  /** A confidence band around the values. */
  readonly band?: { readonly low: ReadonlyArray<number | null>; readonly high: ReadonlyArray<number | null> };
  readonly dashed?: boolean;
}

interface Axis {
  readonly label: string;
  readonly log?: boolean;
  readonly least?: number;
  readonly most?: number;
}

interface Props {
  readonly title: string;
  /** Of every series, in rising order. */
  readonly at: readonly number[];
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly shape?: "lines" | "bars" | "points";
  readonly height?: number;
}

/** A chart, and the same figures as a table for those who cannot see it. */
export function Chart(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { at, series, shape = "lines", height = 280, x, y, title } = props;
  const look = `${theme.value} ${language.value}`;

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours follow the theme
  useEffect(() => {
    const parent = place.current;
    if (!parent) return;
    const chart = new uPlot(options(props, parent.clientWidth), data(at, series), parent);
    const observer = new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [at, series, shape, height, x.label, y.label, look]);

  return (
    <figure class="stack tight" style={{ margin: 0 }}>
      <figcaption>
        <strong>{title}</strong>
      </figcaption>
      <div ref={place} class="chart" aria-hidden="true" />
      <details>
        <summary class="soft small">{say("figures")}</summary>
        <div class="scroll">
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
                <tr key={place}>
                  <td class="number">{number(place, 4)}</td>
                  {series.map((one) => (
                    <td key={one.label} class="number">
                      {shown(one.values[row])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : number(value, 4);
}

function data(at: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  const rows: Array<Array<number | null>> = series.flatMap(({ values, band }) => [
    [...values],
    ...(band ? [[...band.high], [...band.low]] : []),
  ]);
  return [[...at], ...rows] as uPlot.AlignedData;
}

function options(props: Props, width: number): uPlot.Options {
  const { x, y, shape = "lines", height = 280 } = props;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const drawn: uPlot.Series[] = [{ label: x.label }];
  const bands: uPlot.Band[] = [];
  props.series.forEach((one, place) => {
    const stroke = color(`series-${(place % 6) + 1}`);
    drawn.push({
      label: one.label,
      stroke,
      width: shape === "points" ? 0 : 2,
      ...(one.dashed ? { dash: [6, 5] } : {}),
      ...(shape === "bars" && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.85, 60] }), fill: stroke } : {}),
      points: { show: shape === "points" || props.at.length < 30, size: 7, fill: stroke },
      spanGaps: true,
    });
    if (one.band) {
      bands.push({ series: [drawn.length, drawn.length + 1], fill: `${stroke}26` });
      const edge: uPlot.Series = { stroke: `${stroke}55`, width: 1, points: { show: false } };
      drawn.push({ ...edge, label: `${one.label} ≤` }, { ...edge, label: `${one.label} ≥` });
    }
  });
  const axis = (of: Axis): uPlot.Axis => ({
    label: of.label,
    stroke: color("ink-soft"),
    font: `12px ${color("font")}`,
    labelFont: `600 12px ${color("font")}`,
    grid: { stroke: color("line"), width: 1 },
    ticks: { stroke: color("line"), width: 1 },
    values: (_chart, ticks) => ticks.map((tick) => (tick === null ? "" : number(tick, 4))),
  });
  const scale = (of: Axis): uPlot.Scale => ({
    time: false,
    ...(of.log ? { distr: 3 as const } : {}),
    ...(of.least !== undefined || of.most !== undefined
      ? { range: (_chart, low, high) => [of.least ?? low, of.most ?? high] as uPlot.Range.MinMax }
      : {}),
  });
  return {
    width,
    height,
    series: drawn,
    bands,
    scales: { x: scale(x), y: scale(y) },
    axes: [axis(x), { ...axis(y), size: 64 }],
    legend: { show: props.series.length > 1, live: false },
    cursor: { drag: { x: true, y: false } },
  };
}
