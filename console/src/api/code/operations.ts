/** Which calls of the SDKs say the same as a request. */

import type { Call } from "../client";
import {
  camel,
  camelKeys,
  configured,
  deleteVectors,
  type Given,
  isGiven,
  named,
  placed,
  type Said,
  type Saying,
  same,
  searchRecords,
  snake,
  texts,
  withObject,
} from "./sayings";

interface Operation {
  readonly method: Call["method"];
  readonly path: string;
  readonly python: Saying;
  readonly typescript: Saying;
}

export interface Found {
  readonly operation: Operation;
  /** Of a request about the data of one index. */
  readonly index: string | undefined;
  /** Parts of the path, the query string and the body, as one. */
  readonly given: Given;
}

const QUERY = [
  ...["namespace", "topK", "vector", "sparseVector", "id", "filter", "includeValues", "includeMetadata"],
  ...["scanFactor", "maxCandidates"],
];
const UPDATE = ["namespace", "id", "values", "sparseValues", "setMetadata", "filter", "dryRun"];
const CREATE = ["name", "dimension", "metric", "vector_type", "spec", "deletion_protection", "tags"];
const FOR_MODEL = ["name", "cloud", "region", "embed", "deletion_protection", "tags"];
const CONFIGURE = ["name", "deletion_protection", "tags", "embed"];
const PAGE = ["limit", "paginationToken"];

const row = (method: Call["method"], path: string, python: Saying, typescript: Saying): Operation => ({
  method,
  path,
  python,
  typescript,
});

const STATS = [
  named("index.describe_index_stats", same("filter")),
  named("index.describeIndexStats", same("filter")),
] as const;

const OPERATIONS: readonly Operation[] = [
  row("GET", "/indexes", placed("pc.list_indexes"), placed("pc.listIndexes")),
  row("POST", "/indexes", named("pc.create_index", same(...CREATE)), named("pc.createIndex", camel(...CREATE))),
  row(
    "POST",
    "/indexes/create-for-model",
    named("pc.create_index_for_model", same(...FOR_MODEL)),
    named("pc.createIndexForModel", camel(...FOR_MODEL), (args) => ({ ...args, embed: camelKeys(args.embed) })),
  ),
  row("GET", "/indexes/{name}", named("pc.describe_index", same("name")), placed("pc.describeIndex", "name")),
  row("PATCH", "/indexes/{name}", named("pc.configure_index", same(...CONFIGURE)), configured),
  row("DELETE", "/indexes/{name}", named("pc.delete_index", same("name")), placed("pc.deleteIndex", "name")),
  row("GET", "/indexes/{index}/describe_index_stats", ...STATS),
  row("POST", "/indexes/{index}/describe_index_stats", ...STATS),
  row("POST", "/indexes/{index}/query", named("index.query", snake(...QUERY)), named("index.query", same(...QUERY))),
  row(
    "POST",
    "/indexes/{index}/records/namespaces/{namespace}/search",
    named("index.search", same("namespace", "query", "fields", "rerank")),
    searchRecords,
  ),
  row(
    "POST",
    "/indexes/{index}/vectors/upsert",
    named("index.upsert", same("vectors", "namespace"), (args) => ({
      ...args,
      vectors: (args.vectors as readonly Given[]).map(({ sparseValues, ...one }) => ({
        ...one,
        ...(sparseValues ? { sparse_values: sparseValues } : {}),
      })),
    })),
    named("index.upsert", { records: "vectors", namespace: "namespace" }),
  ),
  row(
    "GET",
    "/indexes/{index}/vectors/fetch",
    named("index.fetch", same("ids", "namespace")),
    named("index.fetch", same("ids", "namespace")),
  ),
  row(
    "POST",
    "/indexes/{index}/vectors/fetch_by_metadata",
    named("index.fetch_by_metadata", snake("filter", "namespace", ...PAGE)),
    named("index.fetchByMetadata", same("filter", "namespace", ...PAGE)),
  ),
  row(
    "GET",
    "/indexes/{index}/vectors/list",
    named("index.list_paginated", snake("prefix", "namespace", ...PAGE)),
    named("index.listPaginated", same("prefix", "namespace", ...PAGE)),
  ),
  row(
    "POST",
    "/indexes/{index}/vectors/update",
    named("index.update", snake(...UPDATE)),
    named("index.update", {
      ...same("namespace", "id", "values", "sparseValues", "filter"),
      metadata: "setMetadata",
    }),
  ),
  row(
    "POST",
    "/indexes/{index}/vectors/delete",
    named("index.delete", snake("ids", "deleteAll", "filter", "namespace")),
    deleteVectors,
  ),
  row(
    "GET",
    "/indexes/{index}/namespaces",
    named("index.list_namespaces_paginated", snake("prefix", ...PAGE)),
    named("index.listNamespaces", same("prefix", ...PAGE)),
  ),
  row(
    "POST",
    "/indexes/{index}/namespaces",
    named("index.create_namespace", same("name", "schema")),
    named("index.createNamespace", same("name", "schema")),
  ),
  row(
    "GET",
    "/indexes/{index}/namespaces/{namespace}",
    named("index.describe_namespace", { name: "namespace" }),
    placed("index.describeNamespace", "namespace"),
  ),
  row(
    "DELETE",
    "/indexes/{index}/namespaces/{namespace}",
    named("index.delete_namespace", { name: "namespace" }),
    placed("index.deleteNamespace", "namespace"),
  ),
  row(
    "POST",
    "/indexes/{index}/bulk/imports",
    named("index.start_import", same("uri")),
    named("index.startImport", same("uri")),
  ),
  row(
    "GET",
    "/indexes/{index}/bulk/imports",
    named("index.list_imports_paginated", snake(...PAGE)),
    placed("index.listImports", ...PAGE),
  ),
  row(
    "GET",
    "/indexes/{index}/bulk/imports/{id}",
    named("index.describe_import", same("id")),
    placed("index.describeImport", "id"),
  ),
  row(
    "DELETE",
    "/indexes/{index}/bulk/imports/{id}",
    named("index.cancel_import", same("id")),
    placed("index.cancelImport", "id"),
  ),
  row(
    "POST",
    "/indexes/{index_name}/backups",
    named("pc.create_backup", { index_name: "index_name", backup_name: "name", description: "description" }),
    named("pc.createBackup", camel("index_name", "name", "description")),
  ),
  row(
    "GET",
    "/indexes/{index_name}/backups",
    named("pc.list_backups", snake("index_name", ...PAGE)),
    named("pc.listBackups", camel("index_name", ...PAGE)),
  ),
  row("GET", "/backups", named("pc.list_backups", snake(...PAGE)), withObject(named("pc.listBackups", same(...PAGE)))),
  row(
    "GET",
    "/backups/{backup_id}",
    named("pc.describe_backup", same("backup_id")),
    placed("pc.describeBackup", "backup_id"),
  ),
  row(
    "DELETE",
    "/backups/{backup_id}",
    named("pc.delete_backup", same("backup_id")),
    placed("pc.deleteBackup", "backup_id"),
  ),
  row(
    "POST",
    "/backups/{backup_id}/create-index",
    named("pc.create_index_from_backup", same("backup_id", "name", "deletion_protection", "tags")),
    named("pc.createIndexFromBackup", camel("backup_id", "name", "deletion_protection", "tags")),
  ),
  row(
    "GET",
    "/restore-jobs",
    named("pc.list_restore_jobs", snake(...PAGE)),
    named("pc.listRestoreJobs", same(...PAGE)),
  ),
  row(
    "GET",
    "/restore-jobs/{job_id}",
    named("pc.describe_restore_job", same("job_id")),
    placed("pc.describeRestoreJob", "job_id"),
  ),
  row(
    "POST",
    "/embed",
    named("pc.inference.embed", same("model", "inputs", "parameters")),
    named("pc.inference.embed", same("model", "inputs", "parameters"), texts),
  ),
  row(
    "POST",
    "/rerank",
    named(
      "pc.inference.rerank",
      same("model", "query", "documents", "top_n", "rank_fields", "return_documents", "parameters"),
    ),
    named(
      "pc.inference.rerank",
      camel("model", "query", "documents", "top_n", "rank_fields", "return_documents", "parameters"),
    ),
  ),
  row(
    "GET",
    "/models",
    named("pc.inference.list_models", same("type", "vector_type")),
    named("pc.inference.listModels", camel("type", "vector_type")),
  ),
  row(
    "GET",
    "/models/{model}",
    named("pc.inference.get_model", same("model")),
    placed("pc.inference.getModel", "model"),
  ),
];

// -- finding ----------------------------------------------------------------------------------------------------------

export function find(call: Call): Found | undefined {
  const segments = call.path.split("/");
  for (const operation of OPERATIONS) {
    const parts = operation.method === call.method ? match(operation.path.split("/"), segments) : undefined;
    if (!parts) continue;
    if (call.form || typeof call.body === "string") return undefined;
    const { index, ...rest } = parts;
    return { operation, index, given: { ...rest, ...call.query, ...(call.body as Given | undefined) } };
  }
  return undefined;
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const wanted = pattern[at] ?? "";
    if (wanted.startsWith("{")) parts[wanted.slice(1, -1)] = decodeURIComponent(segment);
    else if (wanted !== segment) return undefined;
  }
  return parts;
}

/** They add to the answer, and change nothing that is found. */
const HARMLESS = new Set(["explain"]);

/** Members of the request that the SDK has no name for. */
export function leftOut(given: Given, said: Said): readonly string[] {
  const used = new Set(said.used);
  const inQuery = said.used.some((name) => name.startsWith("query."));
  return Object.entries(given).flatMap(([name, value]) => {
    if (!isGiven(value) || used.has(name) || HARMLESS.has(name)) return [];
    if (name !== "query" || !inQuery) return [name];
    return Object.keys(value as object).filter((member) => !used.has(`query.${member}`));
  });
}
