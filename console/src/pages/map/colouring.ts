/** Which colour each point has, by the values of a field: a few groups, or steps of a range of numbers. */

/** Places of the palette: the groups, what has no colour of its own, and the steps of the ramp. */
export const GROUPS = 12;
export const OTHER = GROUPS;
export const MISSING = GROUPS + 1;
export const PLAIN = GROUPS + 2;
export const RAMP = GROUPS + 3;
export const RAMP_STEPS = 64;
export const PALETTE = RAMP + RAMP_STEPS;
const BINS = 8;

export type Scalar = string | number | boolean;

/** A row of the legend, which can be switched off. */
export interface Group {
  readonly kind: "value" | "range" | "other" | "missing";
  /** Stable across answers, so that it can stand in the address. */
  readonly key: string;
  readonly value?: Scalar;
  /** Of a range: from `least` to below `most`. The first and the last one hold what lies further out as well. */
  readonly least?: number;
  readonly most?: number;
  /** Values that are together here, of `other`. */
  readonly distinct?: number;
  readonly count: number;
  readonly tint: number;
}

export interface Colouring {
  readonly kind: "plain" | "groups" | "range";
  readonly groups: readonly Group[];
  /** Of each point: its colour's place in the palette, and its row in the legend. */
  readonly tint: Uint8Array;
  readonly of: Uint8Array;
}

/** values: of the points, as the API gives them; a list counts as one value. null colours all points alike. */
export function colouringOf(values: readonly unknown[] | null, count: number): Colouring {
  if (!values) return { kind: "plain", groups: [], tint: new Uint8Array(count).fill(PLAIN), of: new Uint8Array(count) };
  const scalars = values.map(scalar);
  const counts = new Map<Scalar, number>();
  let numbers = true;
  for (const value of scalars) {
    if (value === undefined) continue;
    counts.set(value, (counts.get(value) ?? 0) + 1);
    numbers &&= typeof value === "number";
  }
  if (numbers && counts.size > GROUPS) return ranged(scalars as ReadonlyArray<number | undefined>);
  return grouped(scalars, counts, numbers);
}

export function scalar(value: unknown): Scalar | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return Array.isArray(value) ? value.map(String).join(", ") : undefined;
}

function grouped(values: ReadonlyArray<Scalar | undefined>, counts: Map<Scalar, number>, numbers: boolean): Colouring {
  const often = [...counts].sort((one, other) => other[1] - one[1] || (String(one[0]) < String(other[0]) ? -1 : 1));
  const named = often.slice(0, GROUPS);
  if (numbers) named.sort((one, other) => (one[0] as number) - (other[0] as number));
  const step = (place: number) => RAMP + Math.round((place / Math.max(1, named.length - 1)) * (RAMP_STEPS - 1));
  const groups: Group[] = named.map(([value, count], place) => {
    return { kind: "value", key: JSON.stringify(value), value, count, tint: numbers ? step(place) : place };
  });
  const places = new Map<Scalar | undefined, number>(named.map(([value], place) => [value, place]));
  const rest = often.slice(GROUPS);
  const tally = (kind: "other" | "missing", count: number, tint: number, distinct?: number) => {
    if (count) groups.push({ kind, key: kind, count, tint, ...(distinct ? { distinct } : {}) });
    return groups.length - 1;
  };
  const others = rest.reduce((sum, [, count]) => sum + count, 0);
  const other = tally("other", others, OTHER, rest.length);
  const known = often.reduce((sum, [, count]) => sum + count, 0);
  const missing = tally("missing", values.length - known, MISSING);
  return filled("groups", groups, values.length, (at) => {
    const value = values[at];
    return value === undefined ? missing : (places.get(value) ?? other);
  });
}

/** About eight ranges between round numbers, which the legend shows; colours change within them as well. */
function ranged(values: ReadonlyArray<number | undefined>): Colouring {
  const sorted = Float64Array.from(values.filter((value) => value !== undefined)).sort();
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  // A few extreme values would leave one colour for all others.
  const [low, high] = [quantile(0.01), quantile(0.99)];
  const step = roundStep((high - low) / BINS);
  const start = Math.floor(low / step) * step;
  const bins = Math.max(1, Math.ceil((high - start) / step + 1e-9));
  const bin = (value: number) => Math.max(0, Math.min(bins - 1, Math.floor((value - start) / step)));
  const shade = (value: number) => {
    const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
    return RAMP + Math.round(share * (RAMP_STEPS - 1));
  };
  const counts = new Uint32Array(bins);
  for (const value of sorted) counts[bin(value)] = (counts[bin(value)] as number) + 1;
  const groups = Array.from(counts, (count, place): Group => {
    const [least, most] = [start + place * step, start + (place + 1) * step];
    return { kind: "range", key: String(place), least, most, count, tint: shade((least + most) / 2) };
  });
  const missing = values.length - sorted.length;
  if (missing) groups.push({ kind: "missing", key: "missing", count: missing, tint: MISSING });
  const colouring = filled("range", groups, values.length, (at) => {
    const value = values[at];
    return value === undefined ? bins : bin(value);
  });
  values.forEach((value, at) => {
    if (value !== undefined) colouring.tint[at] = shade(value);
  });
  return colouring;
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not below. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 2.5, 5, 10].find((times) => times * power >= least * (1 - 1e-9)) as number) * power;
}

function filled(
  kind: "groups" | "range",
  groups: readonly Group[],
  count: number,
  row: (at: number) => number,
): Colouring {
  const of = new Uint8Array(count);
  const tint = new Uint8Array(count);
  for (let at = 0; at < count; at += 1) {
    of[at] = row(at);
    tint[at] = groups[of[at] as number]?.tint ?? PLAIN;
  }
  return { kind, groups, tint, of };
}
