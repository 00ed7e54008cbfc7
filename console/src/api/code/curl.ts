import { API_VERSION, type Call, url } from "../client";
import { JSON_SYNTAX, literal, shell } from "./literals";

/** More than this does not fit into one word of a command on Linux. */
export const LONGEST_WORD = 100_000;

/** The request itself. Keys are taken from the environment and stand in no command. */
export function curl(call: Call, origin: string): string {
  const words = [`curl -sS ${quoted(origin + url(call))}`];
  const body = bodyOf(call);
  const usual = body === undefined && !call.form ? "GET" : "POST";
  if (call.method !== usual) words.push(`-X ${call.method}`);
  words.push(...headers(call, body !== undefined));
  for (const [name, value] of call.form?.entries() ?? []) words.push(formField(name, value));
  if (body === undefined) return words.join(" \\\n  ");
  if (body.length <= LONGEST_WORD) return [...words, `--data-raw ${shell(body)}`].join(" \\\n  ");
  const end = delimiter(body);
  return `${words.join(" \\\n  ")} \\\n  --data-binary @- <<'${end}'\n${body}\n${end}`;
}

function bodyOf(call: Call): string | undefined {
  if (call.body === undefined) return undefined;
  return typeof call.body === "string" ? call.body : literal(call.body, JSON_SYNTAX);
}

function headers(call: Call, json: boolean): string[] {
  const given = { "X-Pinecone-Api-Version": API_VERSION, ...call.headers };
  const type = json && !("Content-Type" in given) ? ["-H 'Content-Type: application/json'"] : [];
  const all = Object.entries(given).map(([name, value]) =>
    name.toLowerCase() === "authorization"
      ? '-H "Authorization: Bearer $PINECONE_ACCESS_TOKEN"'
      : `-H ${quoted(`${name}: ${value}`)}`,
  );
  const key = "Authorization" in given ? [] : ['-H "Api-Key: $PINECONE_API_KEY"'];
  return [...key, ...all, ...type];
}

function formField(name: string, value: FormDataEntryValue): string {
  if (typeof value === "string") return `--form-string ${quoted(`${name}=${value}`)}`;
  return `-F ${quoted(`${name}=@"${value.name.replace(/[\\"]/g, "\\$&")}"`)}`;
}

function quoted(text: string): string {
  const word = shell(text);
  return word === text ? `'${text}'` : word;
}

/** A line that the body has not. */
function delimiter(body: string): string {
  const lines = new Set(body.split("\n"));
  let end = "BODY";
  while (lines.has(end)) end += "_";
  return end;
}
