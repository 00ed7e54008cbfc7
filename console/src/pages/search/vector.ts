/** Vectors as people paste them. Nothing is guessed: what is wrong is told, with its place. */

import type { Sparse } from "../../api/search";

export type Wrong =
  | { readonly what: "empty" | "shape" }
  | { readonly what: "number" | "finite" | "pair" | "index" | "twice"; readonly at: number; readonly text: string }
  | { readonly what: "length"; readonly count: number; readonly wanted: number };

export type Read<Value> = { readonly value: Value } | { readonly wrong: Wrong };

const LARGEST = 3.4028234663852886e38;
const MOST_INDEX = 4_294_967_295;

/** Numbers as JSON (a list, or an object with `values`, `vector` or `embedding`) or with commas or spaces between. */
export function readVector(text: string, dimension: number | undefined): Read<number[]> {
  const trimmed = text.trim();
  if (!trimmed) return { wrong: { what: "empty" } };
  const parts = trimmed.startsWith("{") ? fromObject(trimmed) : split(trimmed);
  if (!parts) return { wrong: { what: "shape" } };
  const value: number[] = [];
  for (const [place, part] of parts.entries()) {
    const number = typeof part === "number" ? part : plain(part);
    const at = place + 1;
    if (number === undefined) return { wrong: { what: "number", at, text: shortened(part) } };
    if (!(Math.abs(number) <= LARGEST)) return { wrong: { what: "finite", at, text: shortened(part) } };
    value.push(number);
  }
  if (dimension !== undefined && value.length !== dimension)
    return { wrong: { what: "length", count: value.length, wanted: dimension } };
  return { value };
}

/** `12:0.5, 7:1`, or JSON with `indices` and `values`. */
export function readSparse(text: string): Read<Sparse> {
  const trimmed = text.trim();
  if (!trimmed) return { wrong: { what: "empty" } };
  const pairs = trimmed.startsWith("{") ? pairsOf(trimmed) : trimmed.split(/[\s,;]+/).filter(Boolean);
  if (!pairs) return { wrong: { what: "shape" } };
  const seen = new Map<number, number>();
  for (const [place, pair] of pairs.entries()) {
    const at = place + 1;
    const [left, right, ...more] = pair.split(":");
    if (left === undefined || right === undefined || more.length)
      return { wrong: { what: "pair", at, text: shortened(pair) } };
    const index = /^\d+$/.test(left) ? Number(left) : -1;
    if (index < 0 || index > MOST_INDEX) return { wrong: { what: "index", at, text: shortened(left) } };
    if (seen.has(index)) return { wrong: { what: "twice", at, text: left } };
    const number = plain(right);
    if (number === undefined) return { wrong: { what: "number", at, text: shortened(right) } };
    if (!(Math.abs(number) <= LARGEST)) return { wrong: { what: "finite", at, text: shortened(right) } };
    seen.set(index, number);
  }
  const sorted = [...seen].sort(([one], [other]) => one - other);
  return { value: { indices: sorted.map(([index]) => index), values: sorted.map(([, value]) => value) } };
}

function fromObject(text: string): unknown[] | undefined {
  const given = parsed(text) as Readonly<Record<string, unknown>> | undefined;
  const found = given?.values ?? given?.vector ?? given?.embedding;
  return Array.isArray(found) ? found : undefined;
}

function pairsOf(text: string): string[] | undefined {
  const given = parsed(text) as { indices?: unknown; values?: unknown } | undefined;
  if (!Array.isArray(given?.indices) || !Array.isArray(given.values)) return undefined;
  const { indices, values } = given as { indices: unknown[]; values: unknown[] };
  return indices.length === values.length ? indices.map((index, at) => `${index}:${values[at]}`) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Brackets around the list are optional; within it they have no meaning. */
function split(text: string): string[] | undefined {
  const inner = /^[[(]([^[\]()]*)[\])]$/.exec(text)?.[1] ?? text;
  if (/[[\]()]/.test(inner)) return undefined;
  const parts = inner.split(/\s*[,;]\s*|\s+/).filter((part, at, all) => part || (at > 0 && at < all.length - 1));
  return parts.length ? parts : undefined;
}

/** A number; NaN and infinities are numbers that no vector may hold. */
function plain(text: unknown): number | undefined {
  if (typeof text !== "string" || !text) return undefined;
  if (/^[+-]?(nan|inf(inity)?)$/i.test(text)) return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function shortened(part: unknown): string {
  const text = typeof part === "string" ? part : (JSON.stringify(part) ?? String(part));
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
