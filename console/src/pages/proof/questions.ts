/** The queries of a proof: drawn from the index, mixed of what it holds, or pasted. */

import { send } from "../../api/client";
import { type Found, fetchByIds, type Ids, LIST_PAGE, listIds, type Place } from "../../api/records";
import { sample } from "./recall";

/** Pages of ids that are read at most to draw from. */
const PAGES = 100;

export interface Question {
  readonly name: string;
  readonly by:
    | { readonly id: string; readonly vector?: never }
    | { readonly vector: readonly number[]; readonly id?: never };
  /** The record that is asked for itself, and does not count as an answer. */
  readonly own?: string;
}

export interface Drawn {
  readonly questions: readonly Question[];
  /** Ids that were drawn from. */
  readonly from: number;
  /** Whether these are all that there are. */
  readonly all: boolean;
}

/** Ids of the namespace, drawn from as many as are read in `PAGES` pages. */
async function drawIds(place: Place, count: number, seed: number, signal: AbortSignal) {
  const ids: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const found = await send<Ids>(listIds(place, "", token), signal);
    ids.push(...found.vectors.map(({ id }) => id));
    token = found.pagination?.next;
    if (!token) break;
  }
  return { ids: sample(ids, count, seed), from: ids.length, all: !token };
}

/** Records of the index, each left out of its own answer. */
export async function drawRecords(place: Place, count: number, seed: number, signal: AbortSignal): Promise<Drawn> {
  const { ids, ...drawn } = await drawIds(place, count, seed, signal);
  return { ...drawn, questions: ids.map((id) => ({ name: id, by: { id }, own: id })) };
}

/** Points half-way between two records: queries that are not stored, as those of users. */
export async function drawMixtures(place: Place, count: number, seed: number, signal: AbortSignal): Promise<Drawn> {
  const { ids, ...drawn } = await drawIds(place, 2 * count, seed, signal);
  const values = new Map<string, readonly number[]>();
  for (let start = 0; start < ids.length; start += LIST_PAGE) {
    const { vectors } = await send<Found>(fetchByIds(place, ids.slice(start, start + LIST_PAGE)), signal);
    for (const [id, record] of Object.entries(vectors)) if (record.values?.length) values.set(id, record.values);
  }
  const questions: Question[] = [];
  for (let at = 0; at + 1 < ids.length; at += 2) {
    const [one, other] = [ids[at] as string, ids[at + 1] as string];
    const [left, right] = [values.get(one), values.get(other)];
    if (!left || !right) continue;
    const vector = left.map((value, axis) => (value + (right[axis] ?? 0)) / 2);
    questions.push({ name: `½ ${one} + ½ ${other}`, by: { vector } });
  }
  return { ...drawn, questions };
}

export type Wrong =
  | { readonly problem: "none" }
  | { readonly problem: "json"; readonly line: number }
  | { readonly problem: "numbers"; readonly line: number }
  | { readonly problem: "length"; readonly line: number; readonly found: number; readonly wanted: number }
  | { readonly problem: "many"; readonly found: number };

export const MOST = 200;

/** What was pasted, a query a line: an id, or a vector in brackets; or one array of vectors over several lines. */
export function pasted(text: string, dimension: number | undefined): readonly Question[] | Wrong {
  const lines = whole(text) ?? text.split("\n");
  const questions: Question[] = [];
  for (const [place, raw] of lines.entries()) {
    const line = raw.trim();
    if (!line) continue;
    if (!line.startsWith("[")) {
      questions.push({ name: line, by: { id: line }, own: line });
      continue;
    }
    const vector = parsed(line.replace(/,\s*$/, ""));
    if (vector === undefined) return { problem: "json", line: place + 1 };
    if (!isVector(vector)) return { problem: "numbers", line: place + 1 };
    if (dimension !== undefined && vector.length !== dimension) {
      return { problem: "length", line: place + 1, found: vector.length, wanted: dimension };
    }
    questions.push({ name: `[${vector.slice(0, 3).join(", ")}, …]`, by: { vector } });
  }
  if (questions.length === 0) return { problem: "none" };
  if (questions.length > MOST) return { problem: "many", found: questions.length };
  return questions;
}

/** The parts of a text that is one JSON array of arrays, or of numbers, on any number of lines. */
function whole(text: string): string[] | undefined {
  const found = parsed(text.trim());
  if (!Array.isArray(found)) return undefined;
  return found.length > 0 && found.every(Array.isArray)
    ? found.map((part) => JSON.stringify(part))
    : [JSON.stringify(found)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isVector(found: unknown): found is number[] {
  return Array.isArray(found) && found.length > 0 && found.every((value) => Number.isFinite(value));
}
