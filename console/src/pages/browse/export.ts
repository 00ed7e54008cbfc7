/** All records of a view, or those chosen, as JSONL or CSV. */

import { sendExactly } from "../../api/exact";
import type { StoredRecord } from "../../api/records";
import { csvLine } from "../../ui/files";
import { batches } from "./rows";
import { sourceOf, type View } from "./source";

export type Format = "jsonl" | "csv";
export interface Wanted {
  readonly view: View;
  readonly dimension: number;
  /** Those chosen; undefined: every record of the view. */
  readonly ids: readonly string[] | undefined;
  readonly format: Format;
  readonly withValues: boolean;
  /** Columns of a CSV after the id. */
  readonly fields: readonly string[];
}

const PIECE = 4 * 1024 * 1024;
const ADDRESS = 16_000;

/** Throws what `send` throws, AbortError too. `told` hears of how many records were written. */
export async function exported(wanted: Wanted, told: (records: number) => void, signal: AbortSignal): Promise<Blob> {
  const pieces: Blob[] = [];
  let text = wanted.format === "csv" ? csvLine(["id", ...wanted.fields]) : "";
  let count = 0;
  for await (const records of recordsIn(wanted, signal)) {
    for (const record of records) text += lineOf(record, wanted);
    count += records.length;
    if (text.length > PIECE) {
      pieces.push(new Blob([text])); // the browser may put these on disk
      text = "";
    }
    told(count);
  }
  return new Blob([...pieces, text], { type: wanted.format === "csv" ? "text/csv" : "application/x-ndjson" });
}

async function* recordsIn(
  { view, dimension, ids }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredRecord[]> {
  const source = sourceOf(view, dimension, sendExactly);
  if (ids) {
    for (const batch of batches(ids, source.batch, ADDRESS)) yield await source.records(batch, signal);
    return;
  }
  let token: string | undefined;
  do {
    const page = await source.page(token, signal);
    if (page.records) yield page.records;
    else for (const batch of batches(page.ids, source.batch, ADDRESS)) yield await source.records(batch, signal);
    token = page.next;
  } while (token !== undefined);
}

function lineOf(record: StoredRecord, { format, withValues, fields }: Wanted): string {
  const metadata = record.metadata ?? {};
  if (format === "csv") {
    return csvLine([record.id, ...fields.map((name) => (Object.hasOwn(metadata, name) ? metadata[name] : undefined))]);
  }
  const { values, sparseValues, ...rest } = record;
  const vectors = withValues ? { ...(values.length ? { values } : {}), ...(sparseValues ? { sparseValues } : {}) } : {};
  return `${JSON.stringify({ id: rest.id, ...vectors, ...(record.metadata ? { metadata } : {}) })}\n`;
}
