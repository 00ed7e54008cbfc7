import { send } from "../../api/client";
import { useCall } from "../../ui/useCall";
import { type Found, search, type Wanted } from "./calls";

/** What the tour's index finds; nothing is asked for an empty text. */
export function useSearch(wanted: Wanted) {
  const empty = wanted.id === undefined && !wanted.text?.trim();
  return useCall<Found | undefined>(
    (signal) => (empty ? Promise.resolve(undefined) : send<Found>(search(wanted), signal)),
    [JSON.stringify(wanted)],
  );
}
