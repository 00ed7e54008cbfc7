import { useCallback } from "preact/hooks";
import { useLocation } from "preact-iso";
import { withQuery } from "../routes";

/** The parameters of the page's address, and a way to change some of them without a new entry in the history. */
export function useQuery(): [
  Readonly<Record<string, string>>,
  (changed: Readonly<Record<string, string | undefined>>) => void,
] {
  const { path, query, route } = useLocation();
  const change = useCallback(
    (changed: Readonly<Record<string, string | undefined>>) => route(withQuery(path, { ...query, ...changed }), true),
    [path, query, route],
  );
  return [query, change];
}
