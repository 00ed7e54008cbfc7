/** Files that the server reads by itself, into one index. */

import type { Call } from "./client";
import { of } from "./indexes";

export const LONGEST_URI = 1_500;

export interface Import {
  readonly id: string;
  readonly uri: string;
  readonly status: "Pending" | "InProgress" | "Failed" | "Completed" | "Cancelled";
  readonly createdAt: string;
  readonly finishedAt?: string;
  readonly percentComplete: number;
  readonly recordsImported: number;
  readonly error?: string;
}

export const listImports = (index: string): Call => ({
  method: "GET",
  path: of(index, "/bulk/imports"),
  query: { limit: 50 },
});
export const startImport = (index: string, uri: string, onError: "abort" | "continue"): Call => ({
  method: "POST",
  path: of(index, "/bulk/imports"),
  body: { uri, errorMode: { onError } },
});
export const cancelImport = (index: string, id: string): Call => ({
  method: "DELETE",
  path: of(index, `/bulk/imports/${encodeURIComponent(id)}`),
});
export const isUnderWay = (one: Import): boolean => one.status === "Pending" || one.status === "InProgress";
