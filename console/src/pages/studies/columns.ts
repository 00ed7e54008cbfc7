/** Columns of results: which there are, which can be drawn, and rows in an order. Pure. */

import type { Series } from "../../ui/plot";
import type { Cell, Results, Row } from "./read";

/** Columns that are the same in all rows say nothing in a table; they are told once above it. */
export function columnsOf(rows: readonly Row[]): readonly string[] {
  const names = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))];
  return names.filter((name) => rows.some(({ cells }) => (cells.get(name) ?? null) !== null));
}

export function numeric(rows: readonly Row[]): readonly string[] {
  return columnsOf(rows).filter((name) => rows.every(({ cells }) => typeof (cells.get(name) ?? 0) === "number"));
}

export function sorted(rows: readonly Row[], column: string, down: boolean): readonly Row[] {
  if (!column) return rows;
  const order = (one: Cell, other: Cell) =>
    typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));
  return [...rows].sort((one, other) => {
    const [left, right] = [one.cells.get(column) ?? null, other.cells.get(column) ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null); // nothing comes last
    return (down ? -1 : 1) * order(left, right);
  });
}

export interface Drawn {
  readonly at: readonly number[];
  readonly series: readonly Series[];
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

type Style = Pick<Series, "shape" | "dashed" | "ring">;

interface Group {
  readonly label: string;
  readonly points: Point[];
  readonly style: Style;
}

/**
 * Rows as series, one for each group; of several files, one for each group of each file. lines: points of a group are
 * joined. The front of a tuning is joined, and what was chosen stands alone.
 */
export function drawn(
  all: readonly Results[],
  x: string,
  y: string,
  how: {
    readonly lines: boolean;
    readonly logX: boolean;
    readonly names: { readonly front: string; readonly chosen: string };
  },
): Drawn {
  const groups = new Map<string, Group>();
  const best = new Map<string, Group>();
  const add = (to: Map<string, Group>, label: string, point: Point, style: Style) => {
    const group = to.get(label) ?? { label, points: [], style };
    group.points.push(point);
    to.set(label, group);
  };
  for (const { file, rows, study } of all) {
    const prefix = all.length > 1 ? `${file}: ` : "";
    for (const { label, group, cells, mark } of rows) {
      const point = pointOf(cells, x, y, label);
      if (!point || (how.logX && point.x <= 0)) continue;
      add(groups, prefix + group, point, { shape: how.lines ? "lines" : "points" });
      if (mark && study === "tune") add(best, prefix + how.names.front, point, { dashed: true });
      if (mark === "chosen") add(best, prefix + how.names.chosen, point, { shape: "points", ring: true });
    }
  }
  return aligned([...groups.values(), ...best.values()]); // what is best is drawn over the rest
}

function pointOf(cells: Row["cells"], x: string, y: string, label: string): Point | undefined {
  const [left, right] = [cells.get(x), cells.get(y)];
  return typeof left === "number" && typeof right === "number" ? { x: left, y: right, label } : undefined;
}

/** Every point gets a place of its own on the shared x axis, so that points of one x stay apart. */
function aligned(groups: readonly Group[]): Drawn {
  const places = groups.flatMap(({ points }, group) => points.map((point) => ({ ...point, group })));
  places.sort((one, other) => one.x - other.x);
  return {
    at: places.map((place) => place.x),
    series: groups.map(({ label, style }, group) => ({
      label,
      ...style,
      values: places.map((place) => (place.group === group ? place.y : null)),
      notes: places.map((place) => (place.group === group ? place.label : null)),
    })),
  };
}

export interface Choice {
  readonly x: string;
  readonly y: string;
  readonly logX: boolean;
  readonly logY: boolean;
}

const RECALL = "recall_at_k";
const TIME = "milliseconds";
const USUAL: Readonly<Record<string, readonly [Choice, Choice]>> = {
  growth: [
    { x: "n", y: TIME, logX: false, logY: false },
    { x: "n", y: "megabytes", logX: false, logY: false },
  ],
  filter: [
    { x: "filter", y: RECALL, logX: true, logY: false },
    { x: "filter", y: TIME, logX: true, logY: true },
  ],
  quantise: [
    { x: "bytes_per_vector", y: RECALL, logX: true, logY: false },
    { x: TIME, y: RECALL, logX: true, logY: false },
  ],
  tune: [
    { x: TIME, y: RECALL, logX: true, logY: false },
    { x: "megabytes", y: TIME, logX: false, logY: true },
  ],
};
const SWEEP: readonly [Choice, Choice] = [
  { x: TIME, y: RECALL, logX: true, logY: false },
  { x: "megabytes", y: RECALL, logX: false, logY: false },
];

/** The two charts that are shown of a study at first. */
export function usual(study: string): readonly [Choice, Choice] {
  return USUAL[study] ?? SWEEP;
}
