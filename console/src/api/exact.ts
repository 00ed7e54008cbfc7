/** JSON whose integers keep every digit on the way to a file: JavaScript's own numbers end at 2^53. */

import { type Call, respond } from "./client";

interface Raw {
  readonly rawJSON?: (text: string) => unknown;
  readonly isRawJSON?: (value: unknown) => boolean;
}
const RAW = JSON as Raw;
const LONG = /[:,[\s]-?\d{16}/;

/** Long integers become what JSON.stringify writes as they stood; a browser without JSON.rawJSON rounds them. */
export function parseExactly(text: string): unknown {
  if (!RAW.rawJSON || !LONG.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source: string }) => {
    const source = context?.source ?? "";
    const rounded = Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source);
    return rounded ? RAW.rawJSON?.(source) : value;
  });
}

export const isLongInteger = (value: unknown): boolean => RAW.isRawJSON?.(value) ?? false;

/** Throws what `respond` throws. */
export async function sendExactly<Answer>(call: Call, signal?: AbortSignal): Promise<Answer> {
  return parseExactly(await (await respond(call, signal)).text()) as Answer;
}
