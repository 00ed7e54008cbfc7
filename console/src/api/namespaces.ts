/** Namespaces of an index. */

import { type Call, send } from "./client";
import { DEFAULT_NAMESPACE, of } from "./indexes";

export const LONGEST_NAMESPACE = 512;
// The version whose answers tell sizes.
const WITH_SIZES = { "X-Pinecone-Api-Version": "2026-07" };

export const createNamespace = (index: string, name: string): Call => ({
  method: "POST",
  path: of(index, "/namespaces"),
  body: { name },
});

/**
 * name: as statistics spell it. A namespace called "." or ".." cannot stand in an address, which a browser shortens to
 * that of something else (for "..", of the index): it is emptied instead.
 */
export function deleteNamespace(index: string, name: string): Call {
  if (name === "." || name === "..") {
    return { method: "POST", path: of(index, "/vectors/delete"), body: { namespace: name, deleteAll: true } };
  }
  return { method: "DELETE", path: of(index, `/namespaces/${encodeURIComponent(name || DEFAULT_NAMESPACE)}`) };
}

/** Bytes by namespace, as far as one page goes; estimated by the server from a few records of each. */
export async function fetchSizes(index: string, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const call: Call = { method: "GET", path: of(index, "/namespaces"), query: { limit: 100 }, headers: WITH_SIZES };
  const answer = await send<{ namespaces: readonly { name: string; size_bytes?: number }[] }>(call, signal);
  return new Map(answer.namespaces.flatMap(({ name, size_bytes }) => (size_bytes ? [[name, size_bytes]] : [])));
}

/** What is wrong with the name of a new namespace; undefined when nothing is. */
export function wrongNamespace(name: string): "empty" | "long" | "ascii" | "reserved" | undefined {
  if (!name) return "empty";
  if (name.length > LONGEST_NAMESPACE) return "long";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII but the null character is allowed
  if (!/^[\x01-\x7f]*$/.test(name)) return "ascii";
  if (name === DEFAULT_NAMESPACE) return "reserved";
  return undefined;
}
