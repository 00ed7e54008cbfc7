/** The server itself: what it is, how it does, what it was told, what it wrote down. */

import { type Call, respond, send } from "./client";
import { parseMetrics, type Sample } from "./prometheus";

export interface Version {
  readonly name: string;
  readonly version: string;
  readonly api_versions: readonly string[];
}

export interface Setting {
  readonly name: string;
  readonly value: unknown;
  readonly default: unknown;
  readonly source: string;
}

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly logger: string;
  readonly message: string;
}

/** A line of the audit log; members that do not apply are empty. */
export interface AuditEntry {
  readonly time: string;
  readonly request: string;
  readonly client: string;
  readonly key: string;
  readonly roles: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly index: string;
  readonly namespaces: readonly string[];
  readonly result: string;
  readonly status: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

/** How a search was done. milliseconds: of each stage. */
export interface SlowPlan {
  readonly kind: string;
  readonly reason: string;
  readonly records: number;
  readonly matching: number;
  readonly candidates: number;
  readonly exact: boolean;
  readonly milliseconds?: Readonly<Record<string, number>>;
}

export interface SlowQuery {
  readonly time: string;
  readonly index: string;
  readonly namespace: string;
  readonly milliseconds: number;
  readonly plan: SlowPlan;
  readonly advice: string | readonly string[];
}

const get = (path: string, query: Call["query"] = {}): Call => ({ method: "GET", path, query });

export const readVersion = (): Call => get("/version");
export const readMetrics = (): Call => get("/metrics");
export const readSettings = (): Call => get("/pinyon/settings");
export const readLogs = (limit: number, level: string): Call => get("/pinyon/logs", { limit, level });
export const readAudit = (limit: number, key: string, operation: string): Call =>
  get("/pinyon/audit", { limit, key, operation });
export const readSlowQueries = (limit: number): Call => get("/pinyon/slow-queries", { limit });

export const fetchVersion = (signal?: AbortSignal) => send<Version>(readVersion(), signal);
export const fetchSettings = async (signal?: AbortSignal) =>
  (await send<{ settings: readonly Setting[] }>(readSettings(), signal)).settings;
export const fetchLogs = async (limit: number, level: string, signal?: AbortSignal) =>
  (await send<{ lines: readonly LogLine[] }>(readLogs(limit, level), signal)).lines;
export const fetchAudit = async (limit: number, key: string, operation: string, signal?: AbortSignal) =>
  (await send<{ entries: readonly AuditEntry[] }>(readAudit(limit, key, operation), signal)).entries;
export const fetchSlowQueries = async (limit: number, signal?: AbortSignal) =>
  (await send<{ queries: readonly SlowQuery[] }>(readSlowQueries(limit), signal)).queries;

export async function fetchMetrics(signal?: AbortSignal): Promise<Sample[]> {
  return parseMetrics(await (await respond(readMetrics(), signal)).text());
}

/** Whether it takes requests; it says 503 while it stops. */
export async function fetchReady(signal?: AbortSignal): Promise<boolean> {
  const response = await fetch("/readyz", signal ? { signal } : {});
  return response.ok;
}
