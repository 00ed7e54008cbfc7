/** How far the tour's index is, and how far its visitor. */

import { computed, signal } from "@preact/signals";
import { ApiError, send } from "../../api/client";
import { fetchIndex, fetchStats } from "../../api/indexes";
import { BATCH, COUNT, createTour, INDEX, MARK, writeBatch } from "./calls";

export const STEPS = ["start", "meaning", "words", "filter", "recall", "learn", "map", "ask", "clean"] as const;
export type Step = (typeof STEPS)[number];

/** ours: made by this tour. searchable: it embeds texts itself, so that the tour's searches work on it. */
export type Place =
  | { readonly is: "absent" }
  | { readonly is: "there"; readonly ours: boolean; readonly count: number; readonly searchable: boolean };

export const place = signal<Place | undefined>(undefined);
export const trouble = signal<unknown>(undefined);

export async function look(): Promise<void> {
  try {
    const index = await fetchIndex(INDEX);
    const stats = await fetchStats(INDEX);
    place.value = {
      is: "there",
      ours: index.tags?.["made-by"] === MARK["made-by"],
      count: stats.totalVectorCount,
      searchable: index.embed !== undefined,
    };
    trouble.value = undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      place.value = { is: "absent" };
      trouble.value = undefined;
    } else trouble.value = error;
  }
}

/** Makes the index where there is none, and writes what is still missing: batches are whole, and always in this order. */
export async function fill(onCount: (count: number) => void, signal: AbortSignal): Promise<void> {
  const { records } = await import("./records");
  if (place.value?.is === "absent") await send(createTour(), signal);
  const from = place.value?.is === "there" ? place.value.count : 0;
  const all = records();
  for (let at = from - (from % BATCH); at < all.length; at += BATCH) {
    await send(writeBatch(all.slice(at, at + BATCH)), signal);
    onCount(Math.min(all.length, at + BATCH));
  }
}

interface Progress {
  readonly step: Step;
  readonly done: readonly Step[];
  /** Somebody else's index of that name may be searched. */
  readonly uses: boolean;
}

const STORED = "pinyon.tour";
const FIRST: Progress = { step: "start", done: [], uses: false };

export const progress = signal<Progress>(stored());

export function remember(changes: Partial<Progress>): void {
  progress.value = { ...progress.value, ...changes };
  localStorage.setItem(STORED, JSON.stringify(progress.value));
}

export function startOver(): void {
  progress.value = FIRST;
  localStorage.removeItem(STORED);
}

export function isStep(name: string | undefined): name is Step {
  return STEPS.some((step) => step === name);
}

/** Whether the steps have something to search. */
export const ready = computed(() => {
  const at = place.value;
  if (at?.is !== "there") return false;
  return at.ours ? at.count >= COUNT : at.searchable && progress.value.uses;
});

function stored(): Progress {
  try {
    const found = JSON.parse(globalThis.localStorage?.getItem(STORED) ?? "null") as Partial<Progress> | null;
    return {
      step: isStep(found?.step) ? found.step : FIRST.step,
      done: Array.isArray(found?.done) ? found.done.filter(isStep) : [],
      uses: found?.uses === true,
    };
  } catch {
    return FIRST;
  }
}
