/** Where the rows of a view come from: pages of ids, or pages of what a filter matches. */

import { send } from "../../api/client";
import {
  type Found,
  fetchByFilter,
  fetchByIds,
  type Ids,
  listIds,
  type Place,
  type StoredRecord,
} from "../../api/records";
import type { Filter } from "../../ui/filter/filter";
import type { Page, Source } from "./rows";

export interface View {
  readonly place: Place;
  readonly prefix: string;
  readonly filter: Filter | undefined;
}

const NUMBERS_AT_ONCE = 60_000;
const MOST_AT_ONCE = 100;
/** For each page by filter the server looks for all that match again: after a quick first one, pages grow. */
const FIRST_PAGE = 200;
const GROWTH = 4;
const MOST_OF_A_PAGE = 10_000;
const LETTERS_OF_A_PAGE = 4_000_000;
const LETTERS_OF_A_NUMBER = 11;
const SAMPLE = 20;

/** dimension: numbers of a vector, which every answer brings along. */
export function sourceOf({ place, prefix, filter }: View, dimension: number, ask: typeof send = send): Source {
  const fitting = (numbers: number, most: number) =>
    Math.max(1, Math.min(most, Math.floor(numbers / (dimension || 1))));
  let limit = fitting(NUMBERS_AT_ONCE, FIRST_PAGE);

  const page = async (token: string | undefined, signal: AbortSignal): Promise<Page> => {
    if (!filter) {
      const listed = await ask<Ids>(listIds(place, prefix, token), signal);
      return { ids: listed.vectors.map(({ id }) => id), next: listed.pagination?.next };
    }
    const found = await ask<Found>(fetchByFilter(place, filter, limit, token), signal);
    limit = nextLimit(limit, Object.values(found.vectors).slice(0, SAMPLE), dimension);
    const records = recordsOf(found).filter(({ id }) => id.startsWith(prefix));
    return { ids: records.map(({ id }) => id), records, next: found.pagination?.next };
  };
  const records = async (ids: readonly string[], signal: AbortSignal) =>
    recordsOf(await ask<Found>(fetchByIds(place, ids), signal));
  return { page, records, batch: fitting(NUMBERS_AT_ONCE, MOST_AT_ONCE) };
}

/** Records of the next page, so that its JSON is of a few megabytes at most, judged by some of this one. */
export function nextLimit(limit: number, sample: readonly StoredRecord[], dimension: number): number {
  const letters = sample.reduce((sum, { metadata }) => sum + JSON.stringify(metadata ?? {}).length, 0);
  const size = letters / Math.max(1, sample.length) + LETTERS_OF_A_NUMBER * dimension + 1;
  return Math.max(1, Math.min(MOST_OF_A_PAGE, limit * GROWTH, Math.floor(LETTERS_OF_A_PAGE / size)));
}

/** In order of id, which JSON objects do not keep for ids that look like whole numbers. */
export function recordsOf(found: Found): StoredRecord[] {
  return Object.values(found.vectors).sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** Whether an id could hold this: ids are ASCII without null characters. */
export const isAscii = (text: string) => [...text].every((sign) => sign > "\0" && sign < "\x80");

/** An id that stands for any text, as the server advises: percent-encoded. Halves of surrogate pairs are replaced. */
export const asciiOf = (text: string) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));

/** What a percent-encoded id stands for; any other id as it is. */
export function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
