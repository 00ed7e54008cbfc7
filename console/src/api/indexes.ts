/** Indexes, their namespaces and what they say of themselves. */

import { type Call, send } from "./client";

export interface Index {
  readonly name: string;
  readonly metric: string;
  readonly dimension?: number;
  readonly vector_type: "dense" | "sparse";
  readonly status: { readonly ready: boolean; readonly state: string };
  readonly host: string;
  readonly deletion_protection: "enabled" | "disabled";
  readonly tags: Readonly<Record<string, string>> | null;
  readonly embed?: {
    readonly model: string;
    readonly field_map?: Readonly<Record<string, string>>;
    readonly dimension?: number;
    readonly read_parameters?: Readonly<Record<string, unknown>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly schema?: Schema;
}

/** What the newest dialect says of an index in place of dimension, metric and spec. */
export interface Schema {
  readonly fields: Readonly<Record<string, { readonly type: string; readonly dimension?: number }>>;
}

export interface Quality {
  readonly recall: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly label: "estimate" | "measured" | "exact";
  readonly target: number;
  readonly holds: boolean | null;
  readonly effort: number;
  readonly checked: number;
  readonly exactShare: number;
}

export interface Stats {
  readonly namespaces: Readonly<Record<string, { readonly vectorCount: number; readonly quality?: Quality }>>;
  readonly dimension?: number;
  readonly totalVectorCount: number;
  readonly metric?: string;
  readonly vectorType?: string;
}

/** A route of one index, on the server's main address. */
export function of(index: string, path: string): string {
  return `/indexes/${encodeURIComponent(index)}${path}`;
}

export const listIndexes = (): Call => ({ method: "GET", path: "/indexes" });
export const describeIndex = (name: string): Call => ({ method: "GET", path: of(name, "") });
export const createIndex = (body: unknown): Call => ({ method: "POST", path: "/indexes", body });
export const createForModel = (body: unknown): Call => ({ method: "POST", path: "/indexes/create-for-model", body });
export const configureIndex = (name: string, body: unknown): Call => ({ method: "PATCH", path: of(name, ""), body });
export const deleteIndex = (name: string): Call => ({ method: "DELETE", path: of(name, "") });
export const describeStats = (name: string): Call => ({ method: "GET", path: of(name, "/describe_index_stats") });

export const fetchIndexes = async (signal?: AbortSignal) =>
  (await send<{ indexes: readonly Index[] }>(listIndexes(), signal)).indexes;
export const fetchIndex = (name: string, signal?: AbortSignal) => send<Index>(describeIndex(name), signal);
export const fetchSchema = async (name: string, signal?: AbortSignal) =>
  (await send<Index>({ ...describeIndex(name), headers: { "X-Pinecone-Api-Version": "2026-07" } }, signal)).schema;
export const fetchStats = (name: string, signal?: AbortSignal) => send<Stats>(describeStats(name), signal);

/** The default namespace is called "" in requests. */
export const DEFAULT_NAMESPACE = "__default__";
export function namespaceNames(stats: Stats): readonly string[] {
  return Object.keys(stats.namespaces).map((name) => (name === DEFAULT_NAMESPACE ? "" : name));
}
