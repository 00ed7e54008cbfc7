/** What a proof asks of an index: the same search twice, approximate and exact, and what the server counted. */

import { type Call, respond, send } from "./client";
import { of } from "./indexes";

/** How a search was answered. Times are milliseconds by stage. */
export interface Plan {
  readonly kind: string;
  readonly reason: string;
  readonly records: number;
  readonly matching: number;
  readonly candidates: number;
  readonly exact: boolean;
  readonly milliseconds: Readonly<Record<string, number>>;
  readonly recall?: number | null;
  readonly low?: number | null;
  readonly high?: number | null;
  readonly label?: string | null;
  readonly effort?: number;
  readonly shortage?: string;
}

export interface Match {
  readonly id: string;
  readonly score: number;
}

export interface Searched {
  readonly matches: readonly Match[];
  readonly plan?: Plan;
}

export interface Search {
  readonly namespace: string;
  readonly topK: number;
  readonly id?: string;
  readonly vector?: readonly number[];
  readonly sparseVector?: { readonly indices: readonly number[]; readonly values: readonly number[] };
  readonly filter?: Filter;
  readonly exact?: true;
}

/** A condition on metadata, as the API takes it. */
export type Filter = { readonly [name: string]: unknown };

export interface SlowQuery {
  readonly time: string;
  readonly index: string;
  readonly namespace: string;
  readonly milliseconds: number;
  readonly plan: Partial<Plan> | string | null;
  readonly advice: readonly string[] | string | null;
}

export const queryIndex = (index: string, search: Search): Call => ({
  method: "POST",
  path: of(index, "/query"),
  body: { ...search, includeValues: false, includeMetadata: false, explain: true },
});
export const listIds = (index: string, namespace: string, token?: string): Call => ({
  method: "GET",
  path: of(index, "/vectors/list"),
  query: { namespace, limit: 100, paginationToken: token },
});
export const fetchByIds = (index: string, namespace: string, ids: readonly string[]): Call => ({
  method: "GET",
  path: of(index, "/vectors/fetch"),
  query: { namespace, ids },
});
export const slowQueries = (): Call => ({ method: "GET", path: "/pinyon/slow-queries", query: { limit: 200 } });
export const metrics = (): Call => ({ method: "GET", path: "/metrics" });

export interface IdPage {
  readonly vectors: ReadonlyArray<{ readonly id: string }>;
  readonly pagination?: { readonly next?: string };
}

export const search = (index: string, asked: Search, signal?: AbortSignal) =>
  send<Searched>(queryIndex(index, asked), signal);
export const fetchIdPage = (index: string, namespace: string, token?: string, signal?: AbortSignal) =>
  send<IdPage>(listIds(index, namespace, token), signal);
export const fetchVectors = async (index: string, namespace: string, ids: readonly string[], signal?: AbortSignal) =>
  (
    await send<{ vectors: Record<string, { id: string; values?: readonly number[] }> }>(
      fetchByIds(index, namespace, ids),
      signal,
    )
  ).vectors;
export const fetchSlowQueries = async (signal?: AbortSignal) =>
  (await send<{ queries: readonly SlowQuery[] }>(slowQueries(), signal)).queries;
export const fetchMetrics = async (signal?: AbortSignal) => (await respond(metrics(), signal)).text();
