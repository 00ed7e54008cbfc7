/** The vectors of the tour's index, fetched once, for the lessons that are reckoned in the browser. */

import { send } from "../../api/client";
import { of } from "../../api/indexes";
import { INDEX } from "./calls";

export interface Text {
  readonly id: string;
  readonly text: string;
  readonly topic: string;
  readonly language: string;
  /** Of length 1. */
  readonly vector: Float32Array;
}

interface Fetched {
  readonly vectors: Readonly<
    Record<string, { readonly values: readonly number[]; readonly metadata?: Readonly<Record<string, unknown>> }>
  >;
}

const PAGE = 100;
const MOST = 200;
const AT_ONCE = 50;

export async function fetchTexts(signal: AbortSignal): Promise<readonly Text[]> {
  const ids: string[] = [];
  let token: string | undefined;
  do {
    const listed = await send<{
      vectors: readonly { id: string }[];
      pagination?: { next?: string };
    }>({ method: "GET", path: of(INDEX, "/vectors/list"), query: { limit: PAGE, paginationToken: token } }, signal);
    ids.push(...listed.vectors.map(({ id }) => id));
    token = listed.pagination?.next;
  } while (token && ids.length < MOST);
  const texts: Text[] = [];
  for (let at = 0; at < Math.min(ids.length, MOST); at += AT_ONCE) {
    const query = { ids: ids.slice(at, Math.min(at + AT_ONCE, MOST)) };
    const { vectors } = await send<Fetched>({ method: "GET", path: of(INDEX, "/vectors/fetch"), query }, signal);
    for (const [id, { values, metadata = {} }] of Object.entries(vectors)) {
      const told = (name: string) => String(metadata[name] ?? "");
      texts.push({
        id,
        text: told("text") || id,
        topic: told("topic"),
        language: told("language"),
        vector: unit(values),
      });
    }
  }
  return texts.sort((one, other) => (one.id < other.id ? -1 : 1));
}

function unit(values: readonly number[]): Float32Array {
  const vector = Float32Array.from(values);
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
