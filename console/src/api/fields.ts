/** What the metadata of a namespace holds: names, types and frequent values, for completion. */

import { ApiError, type Call, send } from "./client";
import { of } from "./indexes";

export type FieldType = "string" | "number" | "boolean" | "list";

export interface FieldInfo {
  readonly name: string;
  readonly types: readonly FieldType[];
  readonly records: number;
  readonly distinct: number | null;
  readonly least: number | null;
  readonly most: number | null;
  /** At most 50, most frequent first. */
  readonly values: ReadonlyArray<{ readonly value: string | number | boolean; readonly records: number }>;
}

export interface Fields {
  readonly namespace: string;
  readonly records: number;
  readonly fields: readonly FieldInfo[];
}

export const describeFields = (index: string, namespace: string): Call => ({
  method: "GET",
  path: of(index, "/pinyon/fields"),
  query: { namespace },
});

/** undefined: this server, or this key, does not tell. Nothing that needs it stops working. */
export async function fetchFields(index: string, namespace: string, signal?: AbortSignal): Promise<Fields | undefined> {
  try {
    return await send<Fields>(describeFields(index, namespace), signal);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
