/** What counters and histograms say about the time between two looks at them. */

import type { Buckets } from "../../api/histogram";
import type { Sample } from "../../api/prometheus";

type Labels = Readonly<Record<string, string>>;

export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly samples: readonly Sample[];
  /** By `keyOf`. */
  readonly values: ReadonlyMap<string, number>;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
  /** Seconds since 1970 when the first of them was counted; the text format tells it for what is counted. */
  readonly since: number | null;
}

/** The histogram of every request's duration, by operation, status and transport. */
export const REQUESTS = "pinyon_request_duration_seconds";
const MOST_SNAPSHOTS = 240;
const PARTS = /_(?:bucket|sum|count)$/;

export function keyOf(name: string, labels: Labels): string {
  const inside = Object.keys(labels)
    .sort()
    .map((label) => `${label}=${JSON.stringify(labels[label])}`);
  return `${name}{${inside.join()}}`;
}

export function snapshot(at: number, samples: readonly Sample[]): Snapshot {
  return { at, samples, values: new Map(samples.map((one) => [keyOf(one.name, one.labels), one.value])) };
}

/** With one more snapshot. Once there are many, every second of the older half goes: rates stay true, only coarser. */
export function remembered(history: readonly Snapshot[], latest: Snapshot): readonly Snapshot[] {
  const all = [...history, latest];
  if (all.length <= MOST_SNAPSHOTS) return all;
  const half = all.length >> 1;
  return all.filter((_one, at) => at === 0 || at >= half || at % 2 === 0);
}

/** Samples by family, in the order of the text. The times of `x_created` belong to what they are the birthday of. */
export function families(samples: readonly Sample[]): readonly Family[] {
  const names = new Set(samples.map(({ name }) => name));
  const found = new Map<string, Sample[]>();
  const births = new Map<string, number>();
  for (const sample of samples) {
    if (sample.name.endsWith("_created")) {
      const base = sample.name.replace(/_created$/, "");
      const owner = names.has(`${base}_total`) ? `${base}_total` : base;
      births.set(owner, Math.min(births.get(owner) ?? Number.POSITIVE_INFINITY, sample.value));
      continue;
    }
    const name = isDistribution(sample) ? sample.name.replace(PARTS, "") : sample.name;
    const former = found.get(name);
    if (former) former.push(sample);
    else found.set(name, [sample]);
  }
  return [...found].map(([name, samples]) => ({
    name,
    type: samples[0]?.type ?? "untyped",
    help: samples[0]?.help ?? "",
    samples,
    since: births.get(name) ?? null,
  }));
}

export function isDistribution(sample: Sample): boolean {
  return sample.type === "histogram" || sample.type === "summary";
}

/** Sums over all samples of that name, by one of their labels. */
export function sums(samples: readonly Sample[], name: string, label: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const sample of samples) {
    if (sample.name !== name) continue;
    const group = sample.labels[label] ?? "";
    found.set(group, (found.get(group) ?? 0) + sample.value);
  }
  return found;
}

export function sum(samples: readonly Sample[], name: string): number | undefined {
  const found = samples.filter((sample) => sample.name === name);
  return found.length ? found.reduce((total, { value }) => total + value, 0) : undefined;
}

/** By how much a counter grew; from its beginning when the server began anew in between. */
export function grown(before: number | undefined, after: number): number {
  return before === undefined || after < before ? after : after - before;
}

/** A second's share of what a counter grew by, at each snapshot; null at the first, which has nothing before it. */
export function ratesOf(
  history: readonly Snapshot[],
  valueAt: (of: Snapshot) => number | undefined,
): (number | null)[] {
  return history.map((now, at) => {
    const before = history[at - 1];
    const value = valueAt(now);
    if (!before || value === undefined) return null;
    const seconds = (now.at - before.at) / 1000;
    return seconds > 0 ? grown(valueAt(before) ?? 0, value) / seconds : null;
  });
}

/** The observations of a histogram that `matches`, added up by bound, less those that were there before. */
export function buckets(
  name: string,
  after: readonly Sample[],
  before: readonly Sample[] = [],
  matches: (labels: Labels) => boolean = () => true,
): Buckets {
  const counts = (samples: readonly Sample[]) => {
    const found = new Map<number, number>();
    for (const sample of samples) {
      if (sample.name !== `${name}_bucket` || !matches(sample.labels)) continue;
      const bound = sample.labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(sample.labels.le);
      found.set(bound, (found.get(bound) ?? 0) + sample.value);
    }
    return found;
  };
  const former = counts(before);
  return [...counts(after)]
    .sort(([one], [other]) => one - other)
    .map(([bound, count]) => [bound, grown(former.get(bound), count)] as const);
}
