/** The records of an index: pages of ids, records by id or by filter, and what changes them. */

import type { Filter } from "../ui/filter/filter";
import { ApiError, type Call, send } from "./client";
import { DEFAULT_NAMESPACE, of } from "./indexes";

export type MetadataValue = string | number | boolean | readonly string[];
export type Metadata = Readonly<Record<string, MetadataValue>>;
export interface SparseValues {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

export interface StoredRecord {
  readonly id: string;
  readonly values: readonly number[];
  readonly sparseValues?: SparseValues;
  readonly metadata?: Metadata;
}

export interface Place {
  readonly index: string;
  /** "" is the default namespace. */
  readonly namespace: string;
  /** The index has a schema: what changes its records is the documents API. */
  readonly documents?: boolean;
}

export interface Ids {
  readonly vectors: ReadonlyArray<{ readonly id: string }>;
  readonly pagination?: { readonly next: string };
}

export interface Found {
  readonly vectors: Readonly<Record<string, StoredRecord>>;
  readonly pagination?: { readonly next: string };
}

/** The most ids that one page of /vectors/list holds. */
export const LIST_PAGE = 100;
/** Ids in one delete. Servers that run with Pinecone's limits take no more. */
export const DELETE_BATCH = 1000;
export const METADATA_BYTES = 40 * 1024;
export const DOCUMENT_BYTES = 2 * 1024 * 1024;
export const ID_LENGTH = 512;

export const listIds = (place: Place, prefix: string, token?: string): Call => ({
  method: "GET",
  path: of(place.index, "/vectors/list"),
  query: { namespace: place.namespace, prefix, limit: LIST_PAGE, paginationToken: token },
});

export const fetchByIds = (place: Place, ids: readonly string[]): Call => ({
  method: "GET",
  path: of(place.index, "/vectors/fetch"),
  query: { ids, namespace: place.namespace },
});

export const fetchByFilter = (place: Place, filter: Filter, limit: number, token?: string): Call => ({
  method: "POST",
  path: of(place.index, "/vectors/fetch_by_metadata"),
  body: { namespace: place.namespace, filter, limit, ...(token ? { paginationToken: token } : {}) },
});

/** Counts, and changes nothing: a dry run, though one that must name a field. */
export const countByFilter = (place: Place, filter: Filter): Call => ({
  method: "POST",
  path: of(place.index, "/vectors/update"),
  body: { namespace: place.namespace, filter, setMetadata: { counted: true }, dryRun: true },
});

/** Fields that are not named stay as they are. */
export const updateMetadata = (place: Place, id: string, setMetadata: Metadata): Call => ({
  method: "POST",
  path: of(place.index, "/vectors/update"),
  body: { namespace: place.namespace, id, setMetadata },
});

/** The same for a document, of which fields can be removed as well. */
export const updateDocument = (place: Place, id: string, set: Metadata, removed: readonly string[]): Call =>
  documents(place, "update", {
    documents: [{ ...set, _id: id, ...(removed.length ? { _remove_fields: removed } : {}) }],
  });

export const upsert = (place: Place, vectors: ReadonlyArray<Partial<StoredRecord> & { id: string }>): Call =>
  place.documents
    ? documents(place, "upsert", { documents: vectors.map(({ id, metadata }) => ({ ...metadata, _id: id })) })
    : {
        method: "POST",
        path: of(place.index, "/vectors/upsert"),
        body: { namespace: place.namespace, vectors },
      };

/** For an index that embeds: the text becomes the vector. */
export const upsertText = (place: Place, id: string, fields: Metadata): Call => ({
  method: "POST",
  path: of(place.index, `/records/namespaces/${named(place)}/upsert`),
  headers: { "Content-Type": "application/x-ndjson" },
  body: `${JSON.stringify({ ...fields, _id: id })}\n`,
});

export const deleteIds = (place: Place, ids: readonly string[]): Call => deleted(place, { ids });
export const deleteByFilter = (place: Place, filter: Filter): Call => deleted(place, { filter });

const deleted = (place: Place, what: object): Call =>
  place.documents
    ? documents(place, "delete", what)
    : { method: "POST", path: of(place.index, "/vectors/delete"), body: { namespace: place.namespace, ...what } };

const documents = (place: Place, action: string, body: unknown): Call => ({
  method: "POST",
  path: of(place.index, `/namespaces/${named(place)}/documents/${action}`),
  body,
});

const named = ({ namespace }: Place) => encodeURIComponent(namespace || DEFAULT_NAMESPACE);

export const mostBytes = (place: Place) => (place.documents ? DOCUMENT_BYTES : METADATA_BYTES);

/** undefined: there is no such record (any more). */
export async function fetchRecord(place: Place, id: string, signal?: AbortSignal): Promise<StoredRecord | undefined> {
  const found = await send<Found>(fetchByIds(place, [id]), signal);
  return Object.hasOwn(found.vectors, id) ? found.vectors[id] : undefined;
}

/** How many records match. undefined: a key that may only read cannot ask, and of documents nobody can. */
export async function countMatching(place: Place, filter: Filter, signal?: AbortSignal): Promise<number | undefined> {
  if (place.documents) return undefined;
  try {
    return (await send<{ matchedRecords: number }>(countByFilter(place, filter), signal)).matchedRecords;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}
