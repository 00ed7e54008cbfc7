/** One search, in as many requests as it takes. */

import type { Call } from "../../api/client";
import type { Index } from "../../api/indexes";
import type { Model } from "../../api/models";
import {
  embed,
  fetchHits,
  fetchOrder,
  fetchSparse,
  fetchVector,
  type Hit,
  type Plan,
  query,
  rerank,
  searchRecords,
} from "../../api/search";
import { modelsFor, queryParameters, sparseModels } from "./models";
import type { Settings, Tuning } from "./settings";
import { asRecords, names, queryBody, rankField, recordsBody, type Wanted, weighed } from "./wanted";

export interface Result extends Hit {
  /** Before it was reranked by a request of its own. */
  readonly former?: { readonly place: number; readonly score: number };
}

export interface Run {
  readonly results: readonly Result[];
  readonly plan: Plan | undefined;
  /** All requests, in their order. The search is the one named "search". */
  readonly calls: ReadonlyArray<{ readonly step: "embed" | "search" | "rerank"; readonly call: Call }>;
  /** From the first request to the last answer, as this browser saw it. */
  readonly milliseconds: number;
  readonly asked: Asked;
}

export interface Asked {
  readonly index: Index;
  readonly models: readonly Model[];
  readonly wanted: Wanted;
  readonly settings: Settings;
  readonly tuning: Tuning;
}

/** Nothing that is asked for can be done: no model gives such vectors. */
export class NoModel extends Error {}

/** Raises ApiError, NoModel. */
export async function run(asked: Asked, signal: AbortSignal): Promise<Run> {
  const begun = performance.now();
  const { index, settings, tuning, wanted } = asked;
  const calls: Array<Run["calls"][number]> = [];
  const note = (step: "embed" | "search" | "rerank", call: Call) => {
    calls.push({ step, call });
    return call;
  };
  let call: Call;
  const records = asRecords(settings, tuning, index);
  if (records) {
    call = searchRecords(index.name, settings.namespace, recordsBody(wanted, settings, tuning, index));
  } else {
    const by = await searchedBy(asked, (made) => note("embed", made), signal);
    call = query(index.name, queryBody(by, wanted, settings, tuning));
  }
  const { hits, plan } = await fetchHits(note("search", call), signal);
  const found = records ? hits : await reranked(asked, hits, (made) => note("rerank", made), signal);
  const results = records ? found : chosen(found, names(settings.fields));
  return { results, plan, calls, milliseconds: performance.now() - begun, asked };
}

/** What the index compares its records with; texts are embedded first. */
async function searchedBy(asked: Asked, note: (call: Call) => Call, signal: AbortSignal) {
  const { index, settings, tuning, wanted } = asked;
  if (settings.by === "id") return { id: settings.id };
  const dense = async () => wanted.vector ?? fetchVector(note(denseCall(asked)), signal);
  const sparse = async () => wanted.sparse ?? fetchSparse(note(sparseCall(asked)), signal);
  if (settings.by === "hybrid") return weighed(await dense(), await sparse(), tuning.alpha);
  if (index.vector_type === "sparse") return { sparse: await sparse() };
  return { vector: await dense() };
}

function denseCall({ index, models, settings, wanted }: Asked): Call {
  const own = index.embed && models.find(({ model }) => model === index.embed?.model);
  const able = modelsFor(index, models);
  const model = own ?? able.find(({ model }) => model === settings.model) ?? able[0];
  const name = index.embed?.model ?? model?.model;
  if (name === undefined) throw new NoModel();
  return embed(name, wanted.text, queryParameters(model, index.dimension));
}

function sparseCall({ index, models, wanted }: Asked): Call {
  const able = sparseModels(models);
  const model = able.find(({ model }) => model === "lexical-sparse") ?? able[0];
  const name = index.vector_type === "sparse" ? (index.embed?.model ?? model?.model) : model?.model;
  if (name === undefined) throw new NoModel();
  return embed(name, wanted.text, { input_type: "query" });
}

/** By a request of its own, for what was not found by text in an index with a model. Results without the text that is
 * judged stay behind the others. */
async function reranked(
  { index, settings, tuning, wanted }: Asked,
  hits: readonly Hit[],
  note: (call: Call) => Call,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  if (!tuning.rerank || !wanted.text) return hits;
  const field = rankField(settings, index);
  const able = hits.map((hit, place) => ({ hit, place })).filter(({ hit }) => typeof hit.metadata[field] === "string");
  if (!able.length) return hits;
  const documents = able.map(({ hit }) => ({ [field]: hit.metadata[field] }));
  const body = { model: tuning.rerank, query: wanted.text, documents, rank_fields: [field], return_documents: false };
  const order = await fetchOrder(note(rerank(body)), signal);
  const first = order.flatMap(({ index: at, score }) => {
    const found = able[at];
    return found ? [{ ...found.hit, score, former: { place: found.place, score: found.hit.score } }] : [];
  });
  const judged = new Set(first.map(({ id }) => id));
  return [...first, ...hits.filter(({ id }) => !judged.has(id))];
}

function chosen(results: readonly Result[], fields: readonly string[]): readonly Result[] {
  if (!fields.length) return results;
  return results.map((result) => ({
    ...result,
    metadata: Object.fromEntries(Object.entries(result.metadata).filter(([name]) => fields.includes(name))),
  }));
}
