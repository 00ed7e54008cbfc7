/** What uPlot is told: rows of numbers, marks, and axes. Colours are read from the theme when a chart is made. */

import uPlot from "uplot";
import { number } from "../state/language";

export type Shape = "lines" | "bars" | "points";

export interface Series {
  readonly label: string;
  readonly values: ReadonlyArray<number | null>;
  /** A confidence band around the values. */
  readonly band?: { readonly low: ReadonlyArray<number | null>; readonly high: ReadonlyArray<number | null> };
  /** A line without marks that is a bound rather than a measurement. */
  readonly dashed?: boolean;
  /** Otherwise as the chart says. */
  readonly shape?: Shape;
  /** Its marks are large rings around those of others. */
  readonly ring?: boolean;
  /** What each of the values belongs to, shown beside it. */
  readonly notes?: ReadonlyArray<string | null>;
}

export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  readonly least?: number;
  readonly most?: number;
  /** The values are places in this list. */
  readonly names?: readonly string[];
  /** How a value is written; as a number by default. */
  readonly write?: (value: number) => string;
}

export interface ChartData {
  /** Of every series, in rising order. */
  readonly at: readonly number[];
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly shape?: Shape;
  readonly height?: number;
}

/** Corners of the marks in a square from -1 to 1; an empty list is a circle. Series differ by mark as well as colour. */
export const MARKS: ReadonlyArray<ReadonlyArray<readonly [x: number, y: number]>> = [
  [],
  [
    [-0.85, -0.85],
    [0.85, -0.85],
    [0.85, 0.85],
    [-0.85, 0.85],
  ],
  [
    [0, -1.1],
    [1.05, 0.85],
    [-1.05, 0.85],
  ],
  [
    [0, -1.2],
    [1.2, 0],
    [0, 1.2],
    [-1.2, 0],
  ],
  [
    [0, 1.1],
    [1.05, -0.85],
    [-1.05, -0.85],
  ],
  [
    [-0.4, -1.1],
    [0.4, -1.1],
    [0.4, -0.4],
    [1.1, -0.4],
    [1.1, 0.4],
    [0.4, 0.4],
    [0.4, 1.1],
    [-0.4, 1.1],
    [-0.4, 0.4],
    [-1.1, 0.4],
    [-1.1, -0.4],
    [-0.4, -0.4],
  ],
];
const COLOURS = 6;
const MARK_SIZE = 7;
const RING_SIZE = 15;
const FEW = 60;

/** The colour of a series, as a name of the theme, and its mark: more series than colours still differ by both. */
export function lookOf(place: number) {
  const turn = Math.floor(place / COLOURS);
  return { color: `series-${(place % COLOURS) + 1}`, mark: MARKS[(place + turn) % MARKS.length] ?? [] };
}

export function written(axis: Axis, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (axis.names) return axis.names[value] ?? "";
  return axis.write ? axis.write(value) : number(value, 4);
}

/** One row for x, and for each series its values and, with a band, its upper and lower end. */
export function aligned({ at, series, y }: ChartData): uPlot.AlignedData {
  const shown = (values: ReadonlyArray<number | null>) =>
    y.log ? values.map((value) => (value !== null && value > 0 ? value : null)) : [...values];
  const rows = series.flatMap(({ values, band }) => [
    shown(values),
    ...(band ? [shown(band.high), shown(band.low)] : []),
  ]);
  return [[...at], ...rows] as uPlot.AlignedData;
}

/** Which series of ours each series of uPlot belongs to; the first of them is x, and edges of bands count too. */
export function owners(series: readonly Series[]): readonly number[] {
  return [-1, ...series.flatMap(({ band }, place) => (band ? [place, place, place] : [place]))];
}

export function options(
  data: ChartData,
  hidden: ReadonlySet<string>,
  width: number,
  onPoint: (row: number | null) => void,
): uPlot.Options {
  const { x, y, shape = "lines", height = 280 } = data;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const drawn: uPlot.Series[] = [{ label: x.label }];
  const bands: uPlot.Band[] = [];
  data.series.forEach((one, place) => {
    const stroke = color(lookOf(place).color);
    const show = !hidden.has(one.label);
    drawn.push({
      label: one.label,
      show,
      stroke,
      spanGaps: true,
      ...look(one, one.shape ?? shape, place, stroke),
    });
    if (one.band) {
      bands.push({ series: [drawn.length, drawn.length + 1], fill: `${stroke}2e` });
      const edge: uPlot.Series = { show, stroke: `${stroke}66`, width: 1, points: { show: false } };
      drawn.push({ ...edge, label: `${one.label} ≤` }, { ...edge, label: `${one.label} ≥` });
    }
  });
  const axis = (of: Axis): uPlot.Axis => ({
    label: of.label,
    labelSize: 22,
    stroke: color("ink-soft"),
    font: `12px ${color("font")}`,
    labelFont: `600 12px ${color("font")}`,
    grid: { stroke: `${color("ink")}1f`, width: 1 },
    ticks: { stroke: color("line"), width: 1 },
    ...(of.names ? { incrs: [1, 2, 5, 10, 20, 50], space: 46, grid: { show: false } } : {}),
    values: (_chart, ticks) => ticks.map((tick) => (tick === null ? "" : written(of, tick))),
  });
  return {
    width,
    height,
    series: drawn,
    bands,
    scales: { x: scale(x), y: scale(y) },
    axes: [
      { ...axis(x), size: 34 },
      { ...axis(y), size: 62 },
    ],
    padding: [12, 16, null, null],
    legend: { show: false },
    cursor: { drag: { x: !x.names, y: false }, points: { show: false } },
    hooks: { setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)] },
  };
}

function scale(of: Axis): uPlot.Scale {
  if (of.names) return { time: false, range: [-0.6, of.names.length - 0.4] };
  const fixed = of.least !== undefined || of.most !== undefined;
  return {
    time: false,
    ...(of.log ? { distr: 3 as const } : {}),
    ...(fixed ? { range: (_chart, low, high) => [of.least ?? low, of.most ?? high] as uPlot.Range.MinMax } : {}),
  };
}

function look(one: Series, shape: Shape, place: number, stroke: string): Partial<uPlot.Series> {
  if (one.dashed) return { width: 1.5, dash: [6, 5], points: { show: false } };
  if (shape === "bars" && uPlot.paths.bars) {
    return { width: 0, paths: uPlot.paths.bars({ size: [0.85, 60] }), fill: stroke, points: { show: false } };
  }
  const size = one.ring ? RING_SIZE : MARK_SIZE;
  const corners = one.ring ? [] : lookOf(place).mark;
  const few = one.values.filter((value) => value !== null).length <= FEW;
  const points: uPlot.Series.Points = {
    show: shape === "points" || few,
    size,
    width: one.ring ? 2 : 0,
    stroke,
    fill: one.ring ? "transparent" : stroke,
    space: 0,
    paths: marks(corners, size),
  };
  return shape === "points" ? { width: 2, paths: () => null, points } : { width: 2, points };
}

/** Draws a mark at every value of a series. */
function marks(corners: (typeof MARKS)[number], size: number): uPlot.Series.Points.PathBuilder {
  return (chart, series, first, last) => {
    const path = new Path2D();
    const radius = (size / 2) * devicePixelRatio;
    const values = chart.data[series] ?? [];
    const named = chart.series[series]?.scale ?? "y";
    for (let row = first; row <= last; row += 1) {
      const at = chart.data[0][row];
      const value = values[row];
      if (at === undefined || value === null || value === undefined) continue;
      const x = chart.valToPos(at, "x", true);
      const y = chart.valToPos(value, named, true);
      if (corners.length === 0) {
        path.moveTo(x + radius, y);
        path.arc(x, y, radius, 0, 2 * Math.PI);
        continue;
      }
      corners.forEach(([dx, dy], corner) => {
        if (corner === 0) path.moveTo(x + dx * radius, y + dy * radius);
        else path.lineTo(x + dx * radius, y + dy * radius);
      });
      path.closePath();
    }
    return { stroke: path, fill: path };
  };
}
