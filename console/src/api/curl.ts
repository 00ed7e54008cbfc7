/** A call as a line for a shell. */

import { API_VERSION, type Call, url } from "./client";

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** origin: "http://127.0.0.1:5080". withKey: whether the server wants a key; it is named, never shown. */
export function curlOf(call: Call, origin: string, withKey: boolean): string {
  const headers = { "X-Pinecone-Api-Version": API_VERSION, ...call.headers };
  const lines = [`curl -X ${call.method} ${quoted(origin + url(call))}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (withKey) lines.push(`-H "Api-Key: $PINECONE_API_KEY"`);
  if (call.body !== undefined) {
    lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(call.body))}`);
  }
  return lines.join(" \\\n  ");
}
