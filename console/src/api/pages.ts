/** Lists that the server answers page by page. */

import { type Call, send } from "./client";

export interface Page<Item> {
  readonly data: readonly Item[];
  readonly pagination?: { readonly next?: string };
}

/** A page after the one that gave `token`; the first without one. */
export const after = (call: Call, token: string | undefined): Call => ({
  ...call,
  query: { ...call.query, paginationToken: token },
});

const MOST_PAGES = 50;

/** Every item of a list that is known to be short: pages are asked for until there is none. */
export async function everything<Item>(call: Call, signal?: AbortSignal): Promise<readonly Item[]> {
  const found: Item[] = [];
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await send<Page<Item>>(after(call, token), signal);
    found.push(...answer.data);
    token = answer.pagination?.next;
    if (!token) break;
  }
  return found;
}
