/** A call of the console as code that does the same. */

import type { Call } from "./client";
import { cli } from "./code/cli";
import { curl } from "./code/curl";
import { JSON_SYNTAX, literal, PYTHON, TYPESCRIPT } from "./code/literals";
import { type Found, find, leftOut } from "./code/operations";
import type { Said } from "./code/sayings";

export type Code = readonly (readonly [name: string, text: string])[];

/** curl always; the official SDKs and the command line where they have such a call. Keys stand in none of them. */
export function codeOf(call: Call, origin = globalThis.location?.origin ?? "http://127.0.0.1:5080"): Code {
  const found = find(call);
  const texts: Array<readonly [string, string | undefined]> = [
    ["Python", found && python(found, origin)],
    ["TypeScript", found && typescript(found, origin)],
    ["curl", curl(call, origin)],
    ["CLI", found && cli(found)],
  ];
  return texts.filter((one): one is readonly [string, string] => one[1] !== undefined);
}

function python(found: Found, origin: string): string | undefined {
  const said = found.operation.python(found.given);
  if (!said) return undefined;
  const keywords = Object.entries((said.args[0] ?? {}) as object).map(([name, value]) => ({
    line: `${name}=${literal(value, PYTHON)}`,
    lines: `    ${name}=${literal(value, PYTHON, "    ", name.length + 1)},`,
  }));
  const short = `${said.name}(${keywords.map(({ line }) => line).join(", ")})`;
  const long = `${said.name}(\n${keywords.map(({ lines }) => lines).join("\n")}\n)`;
  const host = literal(origin, PYTHON);
  return [
    "import os",
    "",
    "from pinecone import Pinecone",
    "",
    `pc = Pinecone(api_key=os.environ.get("PINECONE_API_KEY", "none"), host=${host})`,
    ...(found.index === undefined ? [] : [`index = pc.Index(${literal(found.index, PYTHON)})`]),
    ...notes(found, said, "#"),
    `answer = ${short.length <= 88 && !short.includes("\n") ? short : long}`,
    "print(answer)",
  ].join("\n");
}

function typescript(found: Found, origin: string): string | undefined {
  const said = found.operation.typescript(found.given);
  if (!said) return undefined;
  const args = said.args.map((one) => literal(one, TYPESCRIPT, "", said.name.length + 22)).join(", ");
  const sparse = said.name === "index.query" && "sparseVector" in found.given && !("vector" in found.given);
  return [
    'import { Pinecone } from "@pinecone-database/pinecone";',
    "",
    "const pc = new Pinecone({",
    '  apiKey: process.env.PINECONE_API_KEY ?? "none",',
    `  controllerHostUrl: ${literal(origin, TYPESCRIPT)},`,
    "});",
    ...(found.index === undefined ? [] : [`const index = pc.index(${literal(found.index, JSON_SYNTAX)});`]),
    ...notes(found, said, "//"),
    ...(sparse ? ["// @ts-expect-error The SDK's types ask for a dense vector; a sparse index needs none."] : []),
    `const answer = await ${said.name}(${args});`,
    "console.log(answer);",
  ].join("\n");
}

function notes(found: Found, said: Said, mark: string): string[] {
  const left = leftOut(found.given, said);
  return left.length ? [`${mark} Not said here, because this SDK has no name for it: ${left.join(", ")}`] : [];
}
