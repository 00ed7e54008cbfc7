/** The same on the command line, which works on the data directory and needs no server. */

import { LONGEST_WORD } from "./curl";
import { JSON_SYNTAX, literal, shell } from "./literals";
import type { Found } from "./operations";
import type { Given } from "./sayings";

interface Said {
  readonly command: string;
  readonly words: readonly string[];
  readonly options?: ReadonlyArray<readonly [name: string, value: unknown]>;
  /** Members of the request, or of its query, that the command says. */
  readonly used: readonly string[];
}

type Saying = (given: Given, index: string) => Said | undefined;

const SAYINGS: Readonly<Record<string, Saying>> = {
  "GET /indexes": () => ({ command: "ls", words: [], used: [] }),
  "POST /indexes": (given) => ({
    command: "create",
    words: [String(given.name)],
    options: [
      ["--dimension", given.dimension],
      ["--metric", given.vector_type === "sparse" ? undefined : given.metric],
      ["--sparse", given.vector_type === "sparse"],
      ["--index", kind(given.tags)],
    ],
    used: ["name", "dimension", "metric", "vector_type", "spec", ...(kind(given.tags) ? ["tags"] : [])],
  }),
  "POST /indexes/create-for-model": (given) => {
    const embed = given.embed as { model: string; metric?: string; field_map?: { text?: string } };
    return {
      command: "create",
      words: [String(given.name)],
      options: [
        ["--model", embed.model],
        ["--text-field", embed.field_map?.text],
        ["--metric", embed.metric],
        ["--index", kind(given.tags)],
      ],
      used: ["name", "cloud", "region", "embed", ...(kind(given.tags) ? ["tags"] : [])],
    };
  },
  "GET /indexes/{name}": (given) => ({ command: "info", words: [String(given.name)], used: ["name"] }),
  "PATCH /indexes/{name}": (given) =>
    kind(given.tags) === undefined
      ? undefined
      : {
          command: "configure",
          words: [String(given.name)],
          options: [["--index", kind(given.tags)]],
          used: ["name", "tags"],
        },
  "DELETE /indexes/{name}": (given) => ({
    command: "rm",
    words: [String(given.name)],
    options: [["--index", true]],
    used: ["name"],
  }),
  "POST /indexes/{index}/query": (given, index) => vectors(given, index),
  "POST /indexes/{index}/records/namespaces/{namespace}/search": (given, index) => records(given, index),
  "GET /indexes/{index}/vectors/fetch": (given, index) => ({
    command: "get",
    words: [index, ...([given.ids].flat() as string[])],
    options: [["--namespace", namespace(given)]],
    used: ["ids", "namespace"],
  }),
  "POST /indexes/{index}/vectors/delete": (given, index) => ({
    command: "rm",
    words: [index],
    options: [
      ["--namespace", namespace(given)],
      ["--all", given.deleteAll],
      ["--filter", given.filter],
      ...((given.ids ?? []) as readonly string[]).map((id) => ["--id", id] as const),
    ],
    used: ["ids", "namespace", "deleteAll", "filter"],
  }),
  "POST /indexes/{index_name}/backups": (given) => ({
    command: "backup",
    words: [String(given.index_name)],
    options: [["--note", given.description]],
    used: ["index_name", "description"],
  }),
  "GET /backups": () => ({ command: "backup", words: [], options: [["--list", true]], used: [] }),
  "DELETE /backups/{backup_id}": (given) => ({
    command: "backup",
    words: [],
    options: [["--delete", given.backup_id]],
    used: ["backup_id"],
  }),
  "POST /backups/{backup_id}/create-index": (given) => ({
    command: "restore",
    words: [String(given.backup_id)],
    options: [["--as", given.name]],
    used: ["backup_id", "name"],
  }),
};

function vectors(given: Given, index: string): Said {
  return {
    command: "query",
    words: [index],
    options: [
      ["--id", given.id],
      ["--vector", given.vector],
      ["--sparse", given.sparseVector],
      ["--top-k", given.topK],
      ["--filter", given.filter],
      ["--namespace", namespace(given)],
      ["--values", given.includeValues],
      ["--exact", given.exact],
      ["--explain", given.explain],
    ],
    used: [
      ...["id", "vector", "sparseVector", "topK", "filter", "namespace"],
      ...["includeValues", "includeMetadata", "exact", "explain"],
    ],
  };
}

function records(given: Given, index: string): Said | undefined {
  const { query, ...rest } = given as { query: Given };
  if (!query.inputs) return undefined;
  const fusion = query.fusion;
  const sparse = query.mode === undefined ? "dense" : query.mode; // the command's own usual is hybrid
  return {
    command: "search",
    words: [index, String((query.inputs as { text: string }).text)],
    options: [
      ["--top-k", query.top_k],
      ["--filter", query.filter],
      ["--namespace", namespace(rest)],
      ["--mode", sparse],
      ["--fusion", fusion],
      ["--query-string", query.syntax === "query_string"],
      ["--exact", given.exact],
      ["--explain", given.explain],
    ],
    used: [
      ...["inputs", "top_k", "filter", "namespace", "mode", "fusion", "syntax", "exact", "explain", "query"],
      ...(Array.isArray(given.fields) ? [] : ["fields"]),
    ],
  };
}

function namespace(given: Given): unknown {
  return given.namespace === "__default__" ? undefined : given.namespace;
}

function kind(tags: unknown): string | undefined {
  return (tags as Readonly<Record<string, string>> | undefined)?.["pinyon-index"] || undefined;
}

/** undefined: the command line has no such thing, or cannot take such a text. */
export function cli(found: Found): string | undefined {
  const said = SAYINGS[`${found.operation.method} ${found.operation.path}`]?.(found.given, found.index ?? "");
  if (!said) return undefined;
  const options = (said.options ?? []).flatMap(([name, value]) => option(name, value));
  const end = said.words.some((word) => word.startsWith("-")) ? ["--"] : [];
  const words = ["pinyon", said.command, ...options, ...end, ...said.words];
  if (words.some((word) => word.includes("\0") || word.length > LONGEST_WORD)) return undefined;
  const left = leftOut(found.given, said.used);
  const note = left.length ? `# Not said here, because the command has no such option: ${left.join(", ")}\n` : "";
  return `${note}${words.map(shell).join(" ")}`;
}

function option(name: string, value: unknown): string[] {
  if (value === undefined || value === null || value === false || value === "") return [];
  if (value === true) return [name];
  // An option and its value are one word, so that a value may begin with a hyphen.
  return [`${name}=${typeof value === "object" ? literal(value, JSON_SYNTAX).replaceAll("\n", " ") : value}`];
}

function leftOut(given: Given, used: readonly string[]): string[] {
  const all = { ...given, ...(given.query && typeof given.query === "object" ? given.query : {}) };
  return Object.entries(all).flatMap(([name, value]) =>
    value === undefined || value === "" || used.includes(name) ? [] : [name],
  );
}
