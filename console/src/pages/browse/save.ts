/** Saving the metadata of one record, so that nothing of somebody else's is overwritten unseen. */

import { send } from "../../api/client";
import {
  fetchRecord,
  type Metadata,
  type Place,
  type StoredRecord,
  updateDocument,
  updateMetadata,
  upsert,
  upsertText,
} from "../../api/records";
import { applied, changesOf, conflictsOf, inexactIn } from "./metadata";

export type Saved =
  | { readonly kind: "saved"; readonly record: StoredRecord }
  | { readonly kind: "gone" }
  /** Fields that were changed by somebody else since they were read; `record` is as it is now. */
  | { readonly kind: "conflict"; readonly record: StoredRecord; readonly fields: readonly string[] }
  | { readonly kind: "inexact"; readonly fields: readonly string[] };

export type Way = "nothing" | "update" | "document" | "rewrite" | "embed";

/** How these changes are saved. textField: of an index that embeds. */
export function wayOf(before: Metadata, after: Metadata, textField: string | undefined, documents = false): Way {
  const { set, removed } = changesOf(before, after);
  if (documents) return removed.length || Object.keys(set).length ? "document" : "nothing";
  if (textField !== undefined && Object.hasOwn(set, textField)) return "embed";
  if (removed.length) return "rewrite";
  return Object.keys(set).length ? "update" : "nothing";
}

export async function saveMetadata(
  place: Place,
  id: string,
  before: Metadata,
  after: Metadata,
  textField: string | undefined,
): Promise<Saved> {
  const now = await fetchRecord(place, id);
  if (!now) return { kind: "gone" };
  const changes = changesOf(before, after);
  const conflicts = conflictsOf(changes, before, now.metadata ?? {});
  if (conflicts.length) return { kind: "conflict", record: now, fields: conflicts };

  const way = wayOf(before, after, textField, place.documents);
  const whole = applied(now.metadata ?? {}, changes);
  const inexact = inexactIn(way === "update" || way === "document" ? changes.set : whole);
  if (inexact.length) return { kind: "inexact", fields: inexact };
  if (way === "document") await send(updateDocument(place, id, changes.set, changes.removed));
  if (way === "embed") await send(upsertText(place, id, whole));
  if (way === "rewrite") await send(upsert(place, [rewritten(now, whole)]));
  if (way === "update") await send(updateMetadata(place, id, changes.set));

  const record = await fetchRecord(place, id);
  return record ? { kind: "saved", record } : { kind: "gone" };
}

/** The record with other metadata and its own vector. */
export function rewritten(record: StoredRecord, metadata: Metadata): Partial<StoredRecord> & { id: string } {
  return {
    id: record.id,
    ...(record.values.length ? { values: record.values } : {}),
    ...(record.sparseValues ? { sparseValues: record.sparseValues } : {}),
    metadata,
  };
}
