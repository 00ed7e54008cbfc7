/** The map of an index: where its records lie in the plane, and what is needed around it. */

import type { Filter } from "../ui/filter/filter";
import { type Call, send } from "./client";
import { of } from "./indexes";

export const METHODS = ["pca", "umap"] as const;
export type Method = (typeof METHODS)[number];

export interface MapRequest {
  readonly namespace: string;
  readonly filter?: Filter;
  /** The most points; of more records a sample is shown, the same every time. */
  readonly limit: number;
  /** pca at once; umap, which keeps neighbours together, in a minute and with an extra of the server. */
  readonly method?: Method;
  /** The metadata field whose values come along. */
  readonly colour?: string;
  /** Whether the distances to the nearest other point come along. */
  readonly neighbours?: boolean;
  /** A query to place among the points: its vector, or the id of a record. */
  readonly vector?: readonly number[];
  readonly id?: string;
}

export interface MapAnswer {
  readonly namespace: string;
  readonly records: number;
  readonly matching: number;
  /** Shares of the variance along the two axes; null where axes mean nothing. */
  readonly explained: readonly number[] | null;
  readonly ids: readonly string[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly values: readonly unknown[] | null;
  /** Of each point: 1 - cosine, else the Euclidean distance. null: there are too many points to measure. */
  readonly nearest: ReadonlyArray<number | null> | null;
  readonly query: readonly [number, number] | null;
}

export interface Match {
  readonly id: string;
  readonly score: number;
}

export const mapCall = (index: string, body: MapRequest): Call => ({
  method: "POST",
  path: of(index, "/pinyon/map"),
  body,
});

export const fetchMap = (index: string, body: MapRequest, signal?: AbortSignal) =>
  send<MapAnswer>(mapCall(index, body), signal);

/** The records that are nearest to a vector, or to a record: then it is among them. */
export async function fetchNearest(
  index: string,
  asked: { namespace: string; filter?: Filter; topK: number; vector?: readonly number[]; id?: string },
  signal?: AbortSignal,
) {
  const call: Call = { method: "POST", path: of(index, "/query"), body: asked };
  return (await send<{ matches: readonly Match[] }>(call, signal)).matches;
}

/** A text as a vector, by the model of an index. */
export async function embedQuery(model: string, text: string, signal?: AbortSignal): Promise<readonly number[]> {
  const body = { model, inputs: [{ text }], parameters: { input_type: "query" } };
  const answer = await send<{ data: ReadonlyArray<{ values: readonly number[] }> }>(
    { method: "POST", path: "/embed", body },
    signal,
  );
  return answer.data[0]?.values ?? [];
}
