/** Searches of one index, and what turns texts into what can be searched by. */

import { type Call, send } from "./client";
import { of } from "./indexes";

export type Metadata = Readonly<Record<string, unknown>>;

/** How a search was answered. Times are milliseconds; recall is null where it is not measured. */
export interface Plan {
  readonly kind: string;
  readonly reason: string;
  readonly records: number;
  readonly matching: number;
  readonly candidates: number;
  readonly exact: boolean;
  readonly milliseconds: Readonly<Record<string, number>>;
  readonly recall: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly label: string | null;
  readonly effort: number;
  readonly shortage: string;
  readonly fusion: Readonly<Record<string, number | string>> | null;
}

export interface Hit {
  readonly id: string;
  readonly score: number;
  readonly metadata: Metadata;
  /** Of a hybrid search: the scores by meaning and by words. */
  readonly parts?: Readonly<Record<string, number>>;
}

export interface Answer {
  readonly hits: readonly Hit[];
  readonly plan: Plan | undefined;
}

export interface Sparse {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

export const query = (index: string, body: unknown): Call => ({ method: "POST", path: of(index, "/query"), body });
/** The default namespace is called __default__ in paths. */
export const searchRecords = (index: string, namespace: string, body: unknown): Call => ({
  method: "POST",
  path: of(index, `/records/namespaces/${encodeURIComponent(namespace || "__default__")}/search`),
  body,
});
export const embed = (model: string, text: string, parameters: unknown): Call => ({
  method: "POST",
  path: "/embed",
  body: { model, inputs: [{ text }], parameters },
});
export const rerank = (body: unknown): Call => ({ method: "POST", path: "/rerank", body });

/** The answer of either search. */
export async function fetchHits(call: Call, signal?: AbortSignal): Promise<Answer> {
  const found = await send<Found>(call, signal);
  return { hits: (found.matches ?? found.result?.hits ?? []).map(hit), plan: found.plan ?? undefined };
}

interface RawHit {
  readonly id?: string;
  readonly _id?: string;
  readonly score?: number;
  readonly _score?: number;
  readonly _parts?: Readonly<Record<string, number>>;
  readonly metadata?: Metadata;
  readonly fields?: Metadata;
}

interface Found {
  readonly matches?: readonly RawHit[];
  readonly result?: { readonly hits: readonly RawHit[] };
  readonly plan?: Plan | null;
}

function hit(raw: RawHit): Hit {
  return {
    id: raw.id ?? raw._id ?? "",
    score: raw.score ?? raw._score ?? 0,
    metadata: raw.metadata ?? raw.fields ?? {},
    ...(raw._parts ? { parts: raw._parts } : {}),
  };
}

interface Embedded {
  readonly data: ReadonlyArray<{
    readonly values?: readonly number[];
    readonly sparse_indices?: readonly number[];
    readonly sparse_values?: readonly number[];
  }>;
}

export async function fetchVector(call: Call, signal?: AbortSignal): Promise<readonly number[]> {
  return (await send<Embedded>(call, signal)).data[0]?.values ?? [];
}

export async function fetchSparse(call: Call, signal?: AbortSignal): Promise<Sparse> {
  const [first] = (await send<Embedded>(call, signal)).data;
  return { indices: first?.sparse_indices ?? [], values: first?.sparse_values ?? [] };
}

/** Places of the documents, best first, with their scores. */
export async function fetchOrder(
  call: Call,
  signal?: AbortSignal,
): Promise<ReadonlyArray<{ readonly index: number; readonly score: number }>> {
  return (await send<{ data: ReadonlyArray<{ index: number; score: number }> }>(call, signal)).data;
}
