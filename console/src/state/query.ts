import { useCallback } from "preact/hooks";
import { useLocation } from "preact-iso";
import { withQuery } from "../routes";

type Query = Readonly<Record<string, string>>;

/** The parameters of the page's address, and a way to change some of them without a new entry in the history. */
export function useQuery(): [Query, (changed: Readonly<Record<string, string | undefined>>) => void] {
  const { query, route } = useLocation();
  const change = useCallback(
    (changed: Readonly<Record<string, string | undefined>>) => {
      // What the address says now, and not when the page was drawn: two changes may follow each other closely.
      const now = Object.fromEntries(new URLSearchParams(location.search));
      route(withQuery(location.pathname, { ...now, ...changed }), true);
    },
    [route],
  );
  return [query, change];
}
