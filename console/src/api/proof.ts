/** What a proof asks of an index: the same search twice, approximate and exact. */

import type { Filter } from "../ui/filter/filter";
import { type Call, send } from "./client";
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

export const queryIndex = (index: string, search: Search): Call => ({
  method: "POST",
  path: of(index, "/query"),
  body: { ...search, includeValues: false, includeMetadata: false, explain: true },
});
export const search = (index: string, asked: Search, signal?: AbortSignal) =>
  send<Searched>(queryIndex(index, asked), signal);
