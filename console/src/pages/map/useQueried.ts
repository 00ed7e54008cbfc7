import { embedQuery, fetchMap, fetchNearest, type MapRequest, type Match } from "../../api/map";
import { type Asked, useCall } from "../../ui/useCall";
import type { Points } from "./points";
import type { Settings } from "./settings";
import type { Place } from "./view";

export interface Queried {
  /** Where the query lies; null when it is not there any more. */
  readonly place: Place | null;
  readonly matches: readonly Match[];
}

/** Places a text, or a record, on the map and finds its neighbours. Nothing is asked while neither is given. */
export function useQueried(
  index: string,
  model: string | undefined,
  settings: Settings,
  request: MapRequest,
  points: Points | undefined,
): Asked<Queried | undefined> {
  const { text, near, neighbours } = settings;
  const { namespace, filter, limit, method } = request;
  const there = points !== undefined;
  return useCall(
    async (signal): Promise<Queried | undefined> => {
      if (!points || (!near && !(text && model))) return undefined;
      const scope = { namespace, ...(filter ? { filter } : {}) };
      const about = near ? { id: near } : { vector: await embedQuery(model as string, text as string, signal) };
      const at = near ? points.place(near) : undefined;
      const [matches, placed] = await Promise.all([
        fetchNearest(index, { ...scope, ...about, topK: neighbours + (near ? 1 : 0) }, signal),
        at === undefined
          ? fetchMap(index, { ...scope, ...about, limit, ...(method ? { method } : {}) }, signal)
          : undefined,
      ]);
      const place = placed ? placed.query : ([points.x[at as number], points.y[at as number]] as Place);
      return { place, matches: matches.filter(({ id }) => id !== near).slice(0, neighbours) };
    },
    [index, model, text, near, neighbours, there, JSON.stringify([namespace, filter, limit, method])],
  );
}
