/** A record's fetch and upsert as programs that run. */

import type { Place, StoredRecord } from "../../api/records";
import { rewritten } from "./save";

export type Action = "fetch" | "upsert";
export type Named = readonly [name: string, text: string];

const VERSION = "2025-10";

/** origin: of the server, such as http://127.0.0.1:5080. */
export function codeOf(action: Action, place: Place, record: StoredRecord, origin: string): readonly Named[] {
  const body = rewritten(record, record.metadata ?? {});
  return [
    ["curl", action === "fetch" ? curlFetch(place, record.id, origin) : curlUpsert(place, body, origin)],
    ["Python", python(action, place, body, origin)],
    ["TypeScript", typescript(action, place, body, origin)],
  ];
}

const headers = (place: Place, path: string, origin: string) =>
  `${quoted(`${origin}/indexes/${encodeURIComponent(place.index)}${path}`)} \\
  -H "Api-Key: $PINECONE_API_KEY" -H "X-Pinecone-Api-Version: ${VERSION}"`;

function curlFetch(place: Place, id: string, origin: string): string {
  const query = new URLSearchParams({ ids: id, ...(place.namespace ? { namespace: place.namespace } : {}) });
  return `curl ${headers(place, `/vectors/fetch?${query}`, origin)}`;
}

function curlUpsert(place: Place, record: object, origin: string): string {
  const body = JSON.stringify({ ...(place.namespace ? { namespace: place.namespace } : {}), vectors: [record] });
  return `curl ${headers(place, "/vectors/upsert", origin)} \\
  -H "Content-Type: application/json" \\
  --data-binary @- <<'PINYON_END'
${body}
PINYON_END`;
}

function python(action: Action, place: Place, record: Partial<StoredRecord> & { id: string }, origin: string): string {
  const namespace = `namespace=${JSON.stringify(place.namespace)}`;
  const { sparseValues, ...rest } = record;
  const vector = sparseValues ? { ...rest, sparse_values: sparseValues } : rest;
  const call =
    action === "fetch"
      ? `record = index.fetch(ids=[${JSON.stringify(record.id)}], ${namespace}).vectors[${JSON.stringify(record.id)}]
print(record)`
      : `index.upsert(vectors=[${pythonLiteral(vector)}], ${namespace})`;
  return `import os

from pinecone import Pinecone

pc = Pinecone(api_key=os.environ["PINECONE_API_KEY"], host=${JSON.stringify(origin)})
index = pc.Index(${JSON.stringify(place.index)})
${call}
`;
}

function typescript(action: Action, place: Place, record: object & { id: string }, origin: string): string {
  const call =
    action === "fetch"
      ? `const found = await index.fetch([${JSON.stringify(record.id)}]);
console.log(found.records[${JSON.stringify(record.id)}]);`
      : `await index.upsert([${JSON.stringify(record)}]);`;
  return `import { Pinecone } from "@pinecone-database/pinecone";

const pc = new Pinecone({ apiKey: process.env.PINECONE_API_KEY ?? "", controllerHostUrl: ${JSON.stringify(origin)} });
const index = pc.index(${JSON.stringify(place.index)}).namespace(${JSON.stringify(place.namespace)});
${call}
`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** JSON is Python but for three words, and JavaScript's way of writing large numbers is the same. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") {
    const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${pythonLiteral(member)}`);
    return `{${members.join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** For eyes: runs of more than a few numbers are shortened. What is copied is whole. */
export function shortened(code: string): string {
  return code.replace(/\[(?:\s*-?[\d.eE+-]+\s*,){24,}\s*-?[\d.eE+-]+\s*\]/g, (list) => {
    const numbers = list.slice(1, -1).split(",");
    return `[${numbers.slice(0, 4).join(",")}, … ${numbers.length - 4} more]`;
  });
}
