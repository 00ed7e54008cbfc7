/** Everything that can be set on the page, as it was typed, and as the page's address has it. */

import type { Index } from "../../api/indexes";

export const WAYS = ["text", "vector", "id", "sparse", "hybrid", "image"] as const;
export type Way = (typeof WAYS)[number];
export const MODES = ["dense", "lexical", "hybrid"] as const;
export const FUSIONS = ["adaptive", "weighted", "rrf"] as const;

/** What two sides can differ in. Texts are as typed; "" is the usual. */
export interface Tuning {
  readonly mode: string;
  readonly fusion: string;
  /** Of the words in a weighted fusion, 0 to 1. */
  readonly weight: string;
  /** Of the dense vector in a hybrid of vectors, 0 to 1. */
  readonly alpha: string;
  readonly exact: string;
  readonly ef: string;
  readonly nprobe: string;
  readonly depth: string;
  readonly rerank: string;
}

export interface Settings {
  readonly by: Way;
  readonly text: string;
  readonly id: string;
  /** index:value pairs. */
  readonly sparse: string;
  readonly namespace: string;
  readonly topK: string;
  /** JSON of a filter, or "". */
  readonly filter: string;
  /** The model that embeds texts, of an index that has none itself. */
  readonly model: string;
  /** Names of metadata fields with commas between them; "": all. */
  readonly fields: string;
  readonly rankField: string;
  readonly live: string;
  readonly compare: string;
  readonly a: Tuning;
  readonly b: Tuning;
}

const TUNING: ReadonlyArray<keyof Tuning> = [
  ...(["mode", "fusion", "weight", "alpha", "exact", "ef", "nprobe", "depth", "rerank"] as const),
];
const PLAIN = {
  text: "q",
  id: "id",
  sparse: "sparse",
  namespace: "namespace",
  topK: "k",
  filter: "filter",
  model: "model",
  fields: "fields",
  rankField: "rank_field",
  live: "live",
  compare: "compare",
} as const;
const USUAL_K = "10";

type Query = Readonly<Record<string, string | undefined>>;

export function settingsOf(query: Query, index: Index): Settings {
  const plain = Object.fromEntries(Object.entries(PLAIN).map(([name, short]) => [name, query[short] ?? ""]));
  const tuning = (prefix: string) =>
    Object.fromEntries(TUNING.map((name) => [name, query[prefix + name] ?? ""])) as unknown as Tuning;
  const asked = WAYS.find((way) => way === query.by);
  return {
    ...(plain as unknown as Omit<Settings, "by" | "a" | "b">),
    topK: query.k || USUAL_K,
    by: asked ?? usualWay(query, index),
    a: tuning(""),
    b: tuning("b."),
  };
}

export function queryOf(settings: Settings): Record<string, string | undefined> {
  const query: Record<string, string | undefined> = { by: settings.by };
  for (const [name, short] of Object.entries(PLAIN)) query[short] = settings[name as keyof typeof PLAIN] || undefined;
  if (settings.topK === USUAL_K) query.k = undefined;
  for (const name of TUNING) {
    query[name] = settings.a[name] || undefined;
    query[`b.${name}`] = (settings.compare && settings.b[name]) || undefined;
  }
  return query;
}

function usualWay(query: Query, index: Index): Way {
  if (query.id) return "id";
  if (query.sparse) return "sparse";
  if (query.q || index.embed) return "text";
  return index.vector_type === "sparse" ? "sparse" : "vector";
}

/** The ways that make sense for an index. Words and dense vectors are only joined where scores are dot products. */
export function waysOf(index: Index): readonly Way[] {
  if (index.vector_type === "sparse") return ["text", "sparse", "id"];
  return index.metric === "dotproduct"
    ? ["text", "vector", "id", "hybrid", "image"]
    : ["text", "vector", "id", "image"];
}

/** The metadata field that holds the text. */
export function textField(index: Index): string {
  return index.embed?.field_map?.text ?? "text";
}
