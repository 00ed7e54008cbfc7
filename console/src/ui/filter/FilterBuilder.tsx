import type { Fields } from "../../api/fields";
import type { Filter } from "./filter";

export type { Filter } from "./filter";

interface Props {
  readonly index: string;
  readonly namespace: string;
  /** The filter in use. undefined: every record matches. */
  readonly value: Filter | undefined;
  /** A whole filter, a moment after it was typed; at once on Enter and when the focus leaves. */
  readonly onChange: (filter: Filter | undefined) => void;
  /** What is known of the metadata, where the page has asked for it anyway; otherwise it is asked for here. */
  readonly fields?: Fields | undefined;
}

export function FilterBuilder({ value }: Props) {
  return <pre>{JSON.stringify(value)}</pre>;
}
