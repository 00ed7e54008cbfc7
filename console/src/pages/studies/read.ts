/** The files that `pinyon study` and `pinyon tune` write, as values; or what is wrong with a file. Pure. */

import { median } from "../../ui/median";
import { flat, isObject, type Json, lengthOf, Missing, number, object, shown, string } from "./json";

export const STUDY = "pinyon study 1";
export const TUNING = "pinyon tuning 1";
export const MOST_BYTES = 32 * 2 ** 20;

export type Cell = number | string | null;

export interface Row {
  /** What was measured, in a few words. */
  readonly label: string;
  /** Rows of one group are drawn alike. */
  readonly group: string;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly error: string | null;
  readonly mark: "chosen" | "front" | "";
}

export interface Results {
  /** The name of the file. */
  readonly file: string;
  /** "growth", "hnsw", "ivf", "filter", "quantise", another study's name, or "tune". */
  readonly study: string;
  readonly k: number;
  readonly rows: readonly Row[];
  readonly settings: ReadonlyArray<readonly [name: string, value: string]>;
  readonly machine: ReadonlyArray<readonly [name: string, value: string]>;
  readonly started: string;
  readonly complete: boolean;
  /** What the figures show, in sentences, by language. */
  readonly findings: Readonly<Record<string, readonly string[]>>;
  readonly target: number | null;
}

/** The open results with one more: in the place of the same study, else under a name of its own. */
export function withFile(open: readonly Results[], found: Results): readonly Results[] {
  const name = found.file;
  const isSame = (one: Results) =>
    one.study === found.study && one.started === found.started && one.file.replace(/ \(\d+\)$/, "") === name;
  if (open.some(isSame)) return open.map((one) => (isSame(one) ? { ...found, file: one.file } : one));
  let file = name;
  for (let turn = 2; open.some((one) => one.file === file); turn += 1) file = `${name} (${turn})`;
  return [...open, { ...found, file }];
}

export type Wrong =
  | { readonly problem: "large"; readonly megabytes: number }
  | { readonly problem: "json"; readonly said: string }
  | { readonly problem: "foreign"; readonly said: string }
  | { readonly problem: "newer"; readonly said: string }
  | { readonly problem: "part"; readonly said: string };

/** The results in a file's text. */
export function read(file: string, text: string): Results | Wrong {
  if (text.length > MOST_BYTES) return { problem: "large", megabytes: Math.ceil(text.length / 1e6) };
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    return { problem: "json", said: error instanceof Error ? error.message : String(error) };
  }
  if (!isObject(found)) return { problem: "foreign", said: shown(found) };
  const format = found.format;
  if (format !== STUDY && format !== TUNING) {
    const ours = typeof format === "string" && /^pinyon (study|tuning) \d+$/.test(format);
    return { problem: ours ? "newer" : "foreign", said: shown(format) };
  }
  try {
    return format === STUDY ? study(file, found) : tuning(file, found);
  } catch (error) {
    if (error instanceof Missing) return { problem: "part", said: error.message };
    throw error;
  }
}

function study(file: string, found: Json): Results {
  const settings = object(found, "settings");
  const name = string(settings, "study");
  const given = rows(found);
  const options = isObject(settings.options) ? settings.options : {};
  const names = parameterNames(given);
  return {
    ...shared(file, found, settings),
    study: name,
    rows: given.map((row) => ({
      label: labelOf(row.kind, row.parameters),
      group: groupOf(name, row, options, given),
      cells: new Map<string, Cell>([
        ["kind", row.kind],
        ...names.map((one): [string, Cell] => [one, parameter(row.parameters[one])]),
        ...figures(row, number(settings.d)),
      ]),
      error: row.error,
      mark: "",
    })),
    target: null,
  };
}

/** Candidates: for each, a row for searches without a filter and one with each, told as one, as the command does. */
function tuning(file: string, found: Json): Results {
  const settings = object(found, "settings");
  const contract = object(found, "contract");
  const total = number(settings.total) ?? number(settings.n) ?? 1;
  const best = isObject(found.best) ? shown(found.best.index) : null;
  const front = new Set(
    (Array.isArray(found.front) ? found.front : []).map((one) => shown(isObject(one) && one.index)),
  );
  const candidates = new Map<string, Given[]>();
  for (const row of rows(found)) {
    const index = shown(row.parameters.settings ?? row.kind);
    candidates.set(index, [...(candidates.get(index) ?? []), row]);
  }
  return {
    ...shared(file, found, { ...settings, contract }),
    study: "tune",
    rows: [...candidates].map(([index, given]) => {
      const error = given.find((row) => row.error)?.error ?? null;
      const [kind = index] = index.split(" ");
      const cells = new Map<string, Cell>([["index", index], ["kind", kind], ...candidate(given, total)]);
      return {
        label: index,
        group: kind,
        cells,
        error,
        mark: index === best ? "chosen" : front.has(index) ? "front" : "",
      };
    }),
    target: number(contract.recall),
  };
}

function candidate(given: readonly Given[], total: number): Array<[string, Cell]> {
  const [first] = given;
  if (!first || given.some(({ error }) => error)) return [];
  const times = given.map((row) => row.p50 ?? typical(row.milliseconds) ?? 0);
  return [
    ["milliseconds", times.reduce((sum, one) => sum + one, 0) / times.length],
    ["p99", Math.max(...given.map((row) => row.p99 ?? Math.max(...row.milliseconds)))],
    ["recall_at_k", Math.min(...given.map((row) => row.recallAtK))],
    ["megabytes", ((first.bytes / Math.max(1, first.n)) * total) / 1e6],
    ["build_seconds", first.build],
  ];
}

function shared(file: string, found: Json, settings: Json) {
  const environment = isObject(found.environment) ? found.environment : {};
  const { versions, ...machine } = environment;
  return {
    file,
    k: number(settings.k) ?? 10,
    settings: flat(settings),
    machine: [...flat(machine), ...flat(isObject(versions) ? versions : {})],
    started: typeof found.started === "string" ? found.started : "",
    complete: found.complete === true,
    findings: findingsOf(found.findings),
  };
}

function findingsOf(found: unknown): Results["findings"] {
  const texts = (list: unknown) => (Array.isArray(list) ? list.filter((one) => typeof one === "string") : []);
  if (Array.isArray(found)) return { en: texts(found), ko: texts(found) };
  return isObject(found) ? { en: texts(found.en), ko: texts(found.ko) } : {};
}

interface Given {
  readonly kind: string;
  readonly parameters: Json;
  readonly n: number;
  readonly build: number;
  readonly bytes: number;
  readonly rss: number | null;
  readonly peak: number | null;
  readonly milliseconds: readonly number[];
  readonly recallAt1: number;
  readonly recallAtK: number;
  readonly returned: number;
  readonly load: number | null;
  readonly error: string | null;
  readonly p50: number | null;
  readonly p99: number | null;
}

function rows(found: Json): readonly Given[] {
  if (!Array.isArray(found.rows)) throw new Missing("rows");
  return found.rows.map((row: unknown, at) => {
    const where = `rows[${at}]`;
    if (!isObject(row)) throw new Missing(where);
    if (typeof row.kind !== "string") throw new Missing(`${where}.kind`);
    if (!isObject(row.parameters)) throw new Missing(`${where}.parameters`);
    if (!Array.isArray(row.milliseconds)) throw new Missing(`${where}.milliseconds`);
    const error = typeof row.error === "string" ? row.error : null;
    const recallAtK = number(row.recall_at_k);
    if (recallAtK === null && error === null) throw new Missing(`${where}.recall_at_k`);
    return {
      kind: row.kind,
      parameters: row.parameters,
      n: number(row.n) ?? 0,
      build: number(row.build_seconds) ?? 0,
      bytes: number(row.serialised_bytes) ?? 0,
      rss: number(row.rss_bytes),
      peak: number(row.peak_bytes),
      milliseconds: row.milliseconds.map(number).filter((one) => one !== null),
      recallAt1: number(row.recall_at_1) ?? 0,
      recallAtK: recallAtK ?? 0,
      returned: number(row.returned) ?? 0,
      load: number(row.load),
      error,
      p50: number(row.p50),
      p99: number(row.p99),
    };
  });
}

function figures(row: Given, dimension: number | null): Array<[string, Cell]> {
  if (row.error) return [];
  const mega = (value: number | null) => (value === null ? null : value / 1e6);
  return [
    ["n", row.n],
    ["build_seconds", row.build],
    ["megabytes", row.bytes / 1e6],
    ["bytes_per_vector", row.n && dimension ? row.bytes / row.n : null],
    ["rss_megabytes", mega(row.rss)],
    ["peak_megabytes", mega(row.peak)],
    ["milliseconds", typical(row.milliseconds)],
    ["fastest", row.milliseconds.length ? Math.min(...row.milliseconds) : null],
    ["slowest", row.milliseconds.length ? Math.max(...row.milliseconds) : null],
    ["p50", row.p50],
    ["p99", row.p99],
    ["recall_at_1", row.recallAt1],
    ["recall_at_k", row.recallAtK],
    ["returned", row.returned],
    ["load", row.load],
  ];
}

/** Which line of a chart a row belongs to: what varies, or how it filters. */
function groupOf(study: string, row: Given, options: Json, all: readonly Given[]): string {
  const { kind, parameters } = row;
  if (study === "filter") {
    if (parameters.filtering === undefined) return kind;
    return parameters.filtering === "during"
      ? `${kind} during, ef_search ${shown(parameters.ef_search)}`
      : `${kind} after`;
  }
  const varied = Object.keys(options).filter((name) => lengthOf(options[name]) > 1 && name in parameters);
  if (varied.length < 2) return kind;
  const others = all.filter((one) => one.kind === kind);
  const apart = varied.find(
    (name) => shown(parameters[name]) !== usual(others.map((one) => shown(one.parameters[name]))),
  );
  return study === "quantise" ? kind : `${kind}, ${apart ?? varied[0]}`;
}

/** The value that most have. */
function usual(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

function labelOf(kind: string, parameters: Json): string {
  return [kind, ...Object.entries(parameters).map(([name, value]) => `${name} ${shown(value)}`)].join(" ");
}

function parameterNames(given: readonly Given[]): readonly string[] {
  return [...new Set(given.flatMap(({ parameters }) => Object.keys(parameters)))];
}

/** Numbers that are written as text, as shares of filters are, count as numbers. */
function parameter(found: unknown): Cell {
  if (typeof found === "string" && found.trim() !== "" && Number.isFinite(Number(found))) return Number(found);
  return found === undefined || found === null ? null : (number(found) ?? shown(found));
}

function typical(values: readonly number[]): number | null {
  return values.length ? median(values) : null;
}
