/** What the tour asks of the server: the calls that make, fill and search its index. */

import type { Call } from "../../api/client";
import { of } from "../../api/indexes";
import type { Topic } from "./topics";

export const INDEX = "tour";
export const MODEL = "multilingual-e5-large";
/** How the tour knows its own index. */
export const MARK = { "made-by": "pinyon-tour" } as const;
export const BATCH = 20;
export const COUNT = 200;
/** The default namespace as paths name it. */
const NAMESPACE = "__default__";

export interface TourRecord {
  readonly _id: string;
  readonly text: string;
  readonly topic: Topic;
  readonly language: "en" | "ko";
  readonly year: number;
  /** Characters of the text. */
  readonly length: number;
}

export const createTour = (): Call => ({
  method: "POST",
  path: "/indexes/create-for-model",
  body: {
    name: INDEX,
    cloud: "aws",
    region: "us-east-1",
    embed: { model: MODEL, field_map: { text: "text" } },
    tags: MARK,
  },
});

export const writeBatch = (batch: readonly TourRecord[]): Call => ({
  method: "POST",
  path: of(INDEX, `/records/namespaces/${NAMESPACE}/upsert`),
  headers: { "Content-Type": "application/x-ndjson" },
  body: batch.map((record) => JSON.stringify(record)).join("\n"),
});

export interface Wanted {
  readonly text?: string;
  readonly id?: string;
  readonly mode?: "dense" | "lexical" | "hybrid";
  readonly k: number;
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly exact?: boolean;
}

export const search = ({ text, id, mode, k, filter, exact }: Wanted): Call => ({
  method: "POST",
  path: of(INDEX, `/records/namespaces/${NAMESPACE}/search`),
  body: {
    query: {
      top_k: k,
      ...(id === undefined ? { inputs: { text } } : { id }),
      ...(mode ? { mode } : {}),
      ...(filter && Object.keys(filter).length ? { filter } : {}),
    },
    ...(exact ? { exact } : {}),
    explain: true,
  },
});

export interface Hit {
  readonly _id: string;
  readonly _score: number;
  readonly fields: Partial<Omit<TourRecord, "_id">>;
}

export interface Plan {
  readonly kind: string;
  readonly reason: string;
  readonly records: number;
  readonly matching: number;
  readonly candidates: number;
  readonly exact: boolean;
}

export interface Found {
  readonly result: { readonly hits: readonly Hit[] };
  readonly plan?: Plan;
}
