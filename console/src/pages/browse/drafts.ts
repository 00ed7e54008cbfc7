/** What was typed into records and not saved: it is there again when somebody comes back to the record. */

import type { Metadata, Place } from "../../api/records";
import type { MetadataDraft } from "./MetadataEditor";

export interface Kept {
  readonly draft: MetadataDraft;
  /** As it was read when the typing began, so that it shows what others changed since. */
  readonly before: Metadata;
}

export type Drafts = Map<string, Kept>;

/** The same id in another namespace is another record. */
export const keyOf = (place: Place, id: string) => JSON.stringify([place.namespace, id]);
