import { useMemo, useState } from "preact/hooks";
import { type Fields, fetchFields } from "../../api/fields";
import { fetchMap, type MapRequest } from "../../api/map";
import { type Asked, useCall } from "../../ui/useCall";
import { type Points, pointsOf } from "./points";
import { type Settings, usualColour } from "./settings";

interface Loaded {
  readonly points: Points;
  readonly colour: string | undefined;
}

export interface MapState {
  readonly fields: Fields | undefined;
  /** The field that colours the points. */
  readonly colour: string | undefined;
  readonly request: MapRequest;
  readonly map: Asked<Loaded | undefined>;
}

/** Asks for the map that the settings describe. A new colour or filter keeps the old map until the new one is here. */
export function useMap(index: string, settings: Settings): MapState {
  const { namespace, filter, limit, method } = settings;
  const fields = useCall((signal) => fetchFields(index, namespace, signal), [index, namespace]);
  const ready = !fields.waiting;
  const colour = settings.colour === null ? undefined : (settings.colour ?? usualColour(fields.answer?.fields ?? []));
  const neighbours = useLatched(settings.panel === "odd");
  const written = JSON.stringify(filter);
  const request = useMemo(
    (): MapRequest => ({
      namespace,
      limit,
      ...(method === "pca" ? {} : { method }),
      ...(written ? { filter: JSON.parse(written) } : {}),
      ...(colour === undefined ? {} : { colour }),
      ...(neighbours ? { neighbours } : {}),
    }),
    [namespace, limit, method, written, colour, neighbours],
  );
  const map = useCall(
    async (signal) => (ready ? { points: pointsOf(await fetchMap(index, request, signal)), colour } : undefined),
    [index, ready, request],
  );
  return { fields: fields.answer, colour, request, map };
}

/** True from the first time on that it was. */
function useLatched(now: boolean): boolean {
  const [latched, setLatched] = useState(now);
  if (now && !latched) setLatched(true);
  return latched || now;
}

/** Whether two maps show the same records, so that places in one are places in the other. */
export function sameRecords(one: Points | undefined, other: Points | undefined): boolean {
  if (!one || !other || one.count !== other.count || one.answer.namespace !== other.answer.namespace) return false;
  return one.answer.ids.every((id, at) => id === other.answer.ids[at]);
}
