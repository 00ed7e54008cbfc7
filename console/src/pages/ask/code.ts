/** A question to an assistant as programs ask it. */

import type { ChatBody, ContextBody } from "../../api/assistants";

/** origin: of the server, "http://127.0.0.1:5080". */
export function codeOf(origin: string, assistant: string, body: ChatBody): ReadonlyArray<readonly [string, string]> {
  return [
    ["curl", curl(origin, assistant, body)],
    ["Python SDK 9, 10", python(origin, assistant, body)],
    ["Python SDK 7 + plugin", plugin(origin, assistant, body)],
    ["OpenAI client", openai(origin, assistant, body)],
  ];
}

const HEADERS = ['  -H "Api-Key: $PINECONE_API_KEY" \\', "  -H 'X-Pinecone-Api-Version: 2025-10' \\"];

const curl = (origin: string, assistant: string, body: ChatBody) =>
  posted(`${origin}/assistant/chat/${encodeURIComponent(assistant)}`, body);

function posted(address: string, body: unknown): string {
  return [
    `curl -sS -N ${quoted(address)} \\`,
    ...HEADERS,
    "  -H 'Content-Type: application/json' \\",
    `  --data-raw ${quoted(JSON.stringify(body))}`,
  ].join("\n");
}

/** As one word of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const KEY = 'os.environ.get("PINECONE_API_KEY", "none")';

function python(origin: string, assistant: string, body: ChatBody): string {
  const { messages, stream, ...rest } = body;
  const lines = [
    "import os",
    "",
    "from pinecone import Pinecone",
    "",
    `pc = Pinecone(api_key=${KEY}, host=${literal(origin)})`,
    "answer = pc.assistants.chat(",
    ...named({ assistant_name: assistant, messages, ...(stream ? { stream } : {}), ...rest }),
    ")",
  ];
  if (stream) return [...lines, "for piece in answer.text():", '    print(piece, end="", flush=True)'].join("\n");
  return [...lines, ...shown("answer")].join("\n");
}

function plugin(origin: string, assistant: string, body: ChatBody): string {
  const { messages, stream: _, ...rest } = body;
  return [
    "import os",
    "",
    `os.environ["PINECONE_PLUGIN_ASSISTANT_CONTROL_HOST"] = ${literal(origin)}`,
    `os.environ["PINECONE_PLUGIN_ASSISTANT_DATA_HOST"] = ${literal(origin)}`,
    "from pinecone import Pinecone",
    "",
    `pc = Pinecone(api_key=${KEY})`,
    `assistant = pc.assistant.Assistant(assistant_name=${literal(assistant)})`,
    "answer = assistant.chat(",
    ...named({ messages, ...rest }),
    ")",
    ...shown("answer"),
  ].join("\n");
}

const shown = (name: string) => [
  `print(${name}.message.content)`,
  `for citation in ${name}.citations:`,
  "    for reference in citation.references:",
  "        print(citation.position, reference.file.name, reference.pages)",
];

/** The passages behind an answer, and a file sent, from a shell. */
export const contextCode = (origin: string, assistant: string, body: ContextBody) =>
  posted(`${origin}/assistant/chat/${encodeURIComponent(assistant)}/context`, body);

export const uploadCode = (origin: string, assistant: string) =>
  [
    `curl -sS ${quoted(`${origin}/assistant/files/${encodeURIComponent(assistant)}`)} \\`,
    ...HEADERS,
    `  -F file=@handbook.pdf -F 'metadata={"kind": "manual"}'`,
  ].join("\n");

/** It takes no filter and no context options: those are the assistant API's own. */
function openai(origin: string, assistant: string, body: ChatBody): string {
  const { messages, temperature, stream } = body;
  const settings = { model: `assistant/${assistant}`, messages, ...(temperature === undefined ? {} : { temperature }) };
  const lines = [
    "import os",
    "",
    "from openai import OpenAI",
    "",
    `ai = OpenAI(base_url=${literal(`${origin}/v1`)}, api_key=${KEY})`,
    "answer = ai.chat.completions.create(",
    ...named({ ...settings, ...(stream ? { stream } : {}) }),
    ")",
  ];
  if (!stream) return [...lines, "print(answer.choices[0].message.content)"].join("\n");
  return [...lines, "for chunk in answer:", '    print(chunk.choices[0].delta.content or "", end="", flush=True)'].join(
    "\n",
  );
}

function named(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).map(([name, value]) => `    ${name}=${literal(value, 1)},`);
}

/** A value of JSON as Python writes it. */
export function literal(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return typeof value === "string" ? text(value) : JSON.stringify(value);
  const pad = "    ".repeat(depth + 1);
  const end = "    ".repeat(depth);
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== "object" || one === null))
      return `[${value.map((one) => literal(one)).join(", ")}]`;
    return `[\n${value.map((one) => `${pad}${literal(one, depth + 1)},\n`).join("")}${end}]`;
  }
  const pairs = Object.entries(value).map(([name, one]) => `${text(name)}: ${literal(one, depth + 1)}`);
  return `{${pairs.join(", ")}}`;
}

/** Told as escapes, so that whoever reads the code sees them. */
const UNSEEN = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** JSON's escapes are Python's as well. */
function text(value: string): string {
  return JSON.stringify(value).replace(UNSEEN, escaped);
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
