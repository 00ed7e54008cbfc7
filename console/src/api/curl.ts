import { API_VERSION, type Call, url } from "./client";

/** A call for the command line. The key and the token are told as variables: no secret is shown or copied. */
export function curl(call: Call, origin: string): string {
  const lines = [`curl ${call.method === "GET" ? "" : `-X ${call.method} `}${quoted(origin + url(call))}`];
  if (call.headers?.Authorization) lines.push('-H "Authorization: Bearer $TOKEN"');
  else if (!call.keyless) lines.push('-H "Api-Key: $PINECONE_API_KEY"');
  lines.push(`-H ${quoted(`X-Pinecone-Api-Version: ${API_VERSION}`)}`);
  if (call.body !== undefined) {
    lines.push(`-H ${quoted(`Content-Type: ${call.headers?.["Content-Type"] ?? "application/json"}`)}`);
    lines.push(`-d ${quoted(typeof call.body === "string" ? call.body : JSON.stringify(call.body))}`);
  }
  return lines.join(" \\\n  ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
