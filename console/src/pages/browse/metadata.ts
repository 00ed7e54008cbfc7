/** Metadata while it is edited: fields with a type each, or JSON; what is wrong with it, how large it is, what changed. */

import type { Metadata, MetadataValue } from "../../api/records";
import { isObject, objectFrom } from "../../ui/filter/filter";
import { type Fault, type Json, JsonFault, parseJson } from "../../ui/filter/json";

export const TYPES = ["string", "number", "boolean", "list"] as const;
export type Type = (typeof TYPES)[number];

/** text: of a list, one element a line. A boolean is "true" or "false". */
export interface FieldDraft {
  readonly name: string;
  readonly type: Type;
  readonly text: string;
}

export type FieldFault = "noName" | "dollar" | "twice" | "number";
export interface Read {
  /** undefined while something is wrong. */
  readonly metadata?: Metadata;
  readonly faults: ReadonlyMap<number, FieldFault>;
}

export const draftsOf = (metadata: Metadata): FieldDraft[] =>
  Object.entries(metadata).map(([name, value]) => draftOf(name, value));

export function draftOf(name: string, value: MetadataValue): FieldDraft {
  if (typeof value === "object") return { name, type: "list", text: value.map(escaped).join("\n") };
  return { name, type: typeof value as Exclude<Type, "list">, text: String(value) };
}

/** A line is an element; inside one, a line break is written \n and a backslash \\. An empty element is \e. */
const escaped = (text: string) => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n") || "\\e";
const PLAIN: Readonly<Record<string, string>> = { n: "\n", e: "", "\\": "\\" };
const plain = (text: string) => text.replace(/\\([\\ne])/g, (_, sign: string) => PLAIN[sign] ?? "");

export function readValue({ type, text }: FieldDraft): MetadataValue | undefined {
  if (type === "string") return text;
  if (type === "boolean") return text === "true";
  if (type === "list") return text.split("\n").filter(Boolean).map(plain);
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : undefined;
}

export function metadataOf(drafts: readonly FieldDraft[]): Read {
  const faults = new Map<number, FieldFault>();
  const found = new Map<string, MetadataValue>();
  drafts.forEach((draft, at) => {
    const value = readValue(draft);
    if (draft.name === "") faults.set(at, "noName");
    else if (draft.name.startsWith("$")) faults.set(at, "dollar");
    else if (found.has(draft.name)) faults.set(at, "twice");
    else if (value === undefined) faults.set(at, "number");
    else found.set(draft.name, value);
  });
  return faults.size ? { faults } : { metadata: objectFrom([...found]), faults };
}

export type JsonProblem = Fault | "object" | "twiceJson" | "dollar" | "nested" | "strings" | "null" | "finite";
export interface ReadJson {
  readonly metadata?: Metadata;
  readonly problem?: {
    readonly start: number;
    readonly end: number;
    readonly what: JsonProblem;
    readonly name: string;
  };
}

/** The metadata that a text stands for, or the first thing that is wrong with it and where. */
export function metadataOfJson(text: string): ReadJson {
  if (!text.trim()) return { metadata: {} };
  try {
    const json = parseJson(text);
    const problem = problemOf(json);
    return problem ? { problem } : { metadata: JSON.parse(text) as Metadata };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { problem: { start: error.start, end: error.end, what: error.fault, name: "" } };
  }
}

function problemOf(json: Json): ReadJson["problem"] | undefined {
  if (json.kind !== "object") return { start: json.start, end: json.end, what: "object", name: "" };
  const seen = new Set<string>();
  for (const { name, start, end, value } of json.members) {
    if (seen.has(name)) return { start, end, what: "twiceJson", name };
    if (name.startsWith("$")) return { start, end, what: "dollar", name };
    seen.add(name);
    const what = wrongWith(value);
    if (what) return { start: value.start, end: value.end, what, name };
  }
  return undefined;
}

function wrongWith(value: Json): JsonProblem | undefined {
  if (value.kind === "object") return "nested";
  if (value.kind === "null") return "null";
  if (value.kind === "array") return value.items.every(({ kind }) => kind === "string") ? undefined : "strings";
  return value.kind === "number" && !Number.isFinite(value.value) ? "finite" : undefined;
}

/** Bytes of the JSON that is stored. */
export const bytesOf = (metadata: Metadata) => new TextEncoder().encode(JSON.stringify(metadata)).length;

export interface Changes {
  readonly set: Metadata;
  readonly removed: readonly string[];
}

export function changesOf(before: Metadata, after: Metadata): Changes {
  const set = Object.entries(after).filter(([name, value]) => !equal(own(before, name), value));
  return { set: objectFrom(set), removed: Object.keys(before).filter((name) => !Object.hasOwn(after, name)) };
}

/** The same changes on other metadata. */
export function applied(metadata: Metadata, { set, removed }: Changes): Metadata {
  const kept = Object.entries(metadata).filter(([name]) => !removed.includes(name));
  return objectFrom([...new Map([...kept, ...Object.entries(set)])]);
}

/** Fields that the changes touch and that somebody else changed meanwhile. */
export function conflictsOf(changes: Changes, before: Metadata, now: Metadata): string[] {
  const touched = [...Object.keys(changes.set), ...changes.removed];
  return touched.filter((name) => !equal(own(before, name), own(now, name)));
}

/** Fields whose integers a browser cannot carry exactly, so that they must not be written back from here. */
export function inexactIn(metadata: Metadata): string[] {
  return Object.keys(metadata).filter((name) => isInexact(own(metadata, name)));
}

/** JSON.parse has perhaps rounded it: integers of 64 bits have more digits than JavaScript's numbers. */
const isInexact = (value: unknown) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value as number) < 2 ** 64;

const own = (metadata: Metadata, name: string) => (Object.hasOwn(metadata, name) ? metadata[name] : undefined);
const equal = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** A value as one line of text. */
export function shown(value: MetadataValue | undefined, length = 300): string {
  if (value === undefined) return "";
  if (typeof value === "number" && isInexact(value)) return `≈ ${value}`;
  const text = Array.isArray(value) ? value.join(" · ") : isObject(value) ? JSON.stringify(value) : String(value);
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
