/** From what was typed to what is asked: the checks that need no server, and the bodies of requests. */

import type { Index } from "../../api/indexes";
import type { Metadata, Sparse } from "../../api/search";
import { type Settings, type Tuning, textField, type Way } from "./settings";
import { type Read, readSparse, readVector } from "./vector";

/** What is typed into the page and stands in no address. */
export interface Typed {
  readonly vector: string;
  /** The file of a picture as a data URL, or "". */
  readonly image: string;
}

export interface Wanted {
  readonly way: Way;
  readonly text: string;
  readonly image?: string;
  readonly vector?: readonly number[];
  readonly sparse?: Sparse;
  readonly filter?: Metadata;
}

/** Raises nothing: what is missing or wrong is an answer. */
export function read(settings: Settings, typed: Typed, index: Index): Read<Wanted> & { readonly where?: string } {
  const filter = readFilter(settings.filter);
  if (filter === null) return { wrong: { what: "shape" }, where: "filter" };
  const plain = { way: settings.by, text: settings.text.trim(), ...(filter ? { filter } : {}) };
  const vector = () => readVector(typed.vector, index.dimension);
  const sparse = () => readSparse(settings.sparse);
  switch (settings.by) {
    case "text":
      return plain.text ? { value: plain } : { wrong: { what: "empty" }, where: "text" };
    case "id":
      return settings.id ? { value: plain } : { wrong: { what: "empty" }, where: "id" };
    case "vector":
      return joined(plain, "vector", vector());
    case "sparse":
      return joined(plain, "sparse", sparse());
    case "hybrid":
      return hybrid(plain, typed.vector.trim() ? vector() : undefined, settings.sparse.trim() ? sparse() : undefined);
    default:
      return typed.image ? { value: { ...plain, image: typed.image } } : { wrong: { what: "empty" }, where: "image" };
  }
}

/** A hybrid takes each side from the text where it is not given itself. */
function hybrid(plain: Wanted, vector: Read<number[]> | undefined, sparse: Read<Sparse> | undefined) {
  if (!plain.text && !(vector && sparse)) return { wrong: { what: "empty" } as const, where: "text" };
  const dense = vector ? joined(plain, "vector", vector) : { value: plain };
  if ("wrong" in dense) return dense;
  return sparse ? joined(dense.value, "sparse", sparse) : dense;
}

function joined(plain: Wanted, name: "vector" | "sparse", given: Read<readonly number[] | Sparse>) {
  return "wrong" in given ? { wrong: given.wrong, where: name } : { value: { ...plain, [name]: given.value } };
}

/** undefined: none. null: no filter. */
export function readFilter(text: string): Metadata | undefined | null {
  if (!text.trim()) return undefined;
  try {
    const given: unknown = JSON.parse(text);
    const fits = typeof given === "object" && given !== null && !Array.isArray(given);
    return fits ? (Object.keys(given).length ? (given as Metadata) : undefined) : null;
  } catch {
    return null;
  }
}

/** Text is sent to the index itself where it has a model. That search takes no effort, so with one the text is embedded
 * first. */
export function asRecords(settings: Settings, tuning: Tuning, index: Index): boolean {
  if (settings.by === "image") return true;
  if (settings.by !== "text" || !index.embed) return false;
  return joinsWords(tuning) || !(tuning.ef || tuning.nprobe || tuning.depth);
}

/** Whether words count, alone or with the meaning. */
export function joinsWords(tuning: Tuning): boolean {
  return tuning.mode === "lexical" || tuning.mode === "hybrid";
}

export function recordsBody(wanted: Wanted, settings: Settings, tuning: Tuning, index: Index): unknown {
  const fields = names(settings.fields);
  return {
    query: {
      top_k: number(settings.topK),
      inputs: {
        ...(wanted.text || !wanted.image ? { text: wanted.text } : {}),
        ...(wanted.image ? { image: wanted.image } : {}),
      },
      ...(wanted.filter ? { filter: wanted.filter } : {}),
      ...(tuning.mode && !wanted.image ? { mode: tuning.mode } : {}),
      ...(wanted.image ? {} : fusion(tuning)),
    },
    ...(fields.length ? { fields } : {}),
    ...(tuning.rerank ? { rerank: { model: tuning.rerank, rank_fields: [rankField(settings, index)] } } : {}),
    ...(tuning.exact ? { exact: true } : {}),
    explain: true,
  };
}

export function queryBody(
  by: { readonly id?: string; readonly vector?: readonly number[]; readonly sparse?: Sparse },
  wanted: Wanted,
  settings: Settings,
  tuning: Tuning,
): unknown {
  return {
    topK: number(settings.topK),
    ...(by.id ? { id: by.id } : {}),
    ...(by.vector ? { vector: by.vector } : {}),
    ...(by.sparse ? { sparseVector: by.sparse } : {}),
    ...(settings.namespace ? { namespace: settings.namespace } : {}),
    ...(wanted.filter ? { filter: wanted.filter } : {}),
    includeMetadata: true,
    ...(tuning.ef ? { efSearch: number(tuning.ef) } : {}),
    ...(tuning.nprobe ? { nprobe: number(tuning.nprobe) } : {}),
    ...(tuning.depth ? { rerankDepth: number(tuning.depth) } : {}),
    ...(tuning.exact ? { exact: true } : {}),
    explain: true,
  };
}

/** A convex combination: alpha of the dense vector, the rest of the sparse one. */
export function weighed(vector: readonly number[], sparse: Sparse, alpha: string) {
  const share = alpha === "" ? 0.5 : Math.min(1, Math.max(0, Number(alpha) || 0));
  return {
    vector: vector.map((value) => value * share),
    sparse: { indices: sparse.indices, values: sparse.values.map((value) => value * (1 - share)) },
  };
}

export function rankField(settings: Settings, index: Index): string {
  return settings.rankField || textField(index);
}

export function names(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

function fusion(tuning: Tuning): Record<string, unknown> {
  if (tuning.mode !== "hybrid" || !tuning.fusion) return {};
  if (tuning.fusion !== "weighted") return { fusion: tuning.fusion };
  return { fusion: { method: "weighted", weight: tuning.weight === "" ? 0.5 : number(tuning.weight) } };
}

/** As typed where it is no number: the server says what it may be. */
function number(text: string): number | string {
  const value = Number(text);
  return text.trim() && Number.isFinite(value) ? value : text;
}
