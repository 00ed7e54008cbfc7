/** What is wrong with an index's recall, and how grave it is. Pure. */

import type { Quality } from "../../api/indexes";
import type { Plan } from "../../api/search";

/** Above it every record is scored: the engine has nothing left to raise. */
export const MOST_EFFORT = 64;
const MUCH_EFFORT = 8;
/** Records from which codes are built. */
const CODED = 4096;
const BUILT: ReadonlySet<string> = new Set(["hnsw", "symqg", "ivf"]);

export interface Reading {
  /** Seconds since the page was opened. */
  readonly at: number;
  readonly quality: Quality;
}

export type Problem =
  | "missed"
  | "unproven"
  | "falling"
  | "exhausted"
  | "laborious"
  | "building"
  | "codeless"
  | "shortage"
  | "unmeasured";

export interface Known {
  readonly readings: readonly Reading[];
  readonly plan: Plan | undefined;
  /** Whether the index says that it is ready. */
  readonly ready: boolean;
  /** What the index is told to be, if it is told: "hnsw m 32". */
  readonly kind?: string | undefined;
}

/** The gravest first; nothing when all is well. */
export function problems({ readings, plan, ready, kind = "" }: Known): readonly Problem[] {
  const quality = readings.at(-1)?.quality;
  const found: Problem[] = [];
  if (quality?.holds === false) found.push(quality.recall < quality.target ? "missed" : "unproven");
  if (isFalling(readings)) found.push("falling");
  if (quality && quality.effort > MOST_EFFORT) found.push("exhausted");
  else if (quality && quality.effort >= MUCH_EFFORT) found.push("laborious");
  if (!ready || isUnfinished(plan, kind)) found.push("building");
  else if (isWithoutCodes(plan)) found.push("codeless");
  if (plan?.shortage) found.push("shortage");
  if (quality?.label === "estimate") found.push("unmeasured");
  return found;
}

/** The interval of now lies below that of an earlier reading: chance does not explain it. */
export function isFalling(readings: readonly Reading[]): boolean {
  const now = readings.at(-1)?.quality;
  if (now?.high === null || now?.high === undefined) return false;
  return readings.some(({ quality }) => quality.low !== null && quality.low > (now.high as number));
}

/** A graph or lists are wanted, and searches do not use them. */
function isUnfinished(plan: Plan | undefined, kind: string): boolean {
  const [wanted = ""] = kind.split(" ");
  return plan !== undefined && plan.records >= CODED && BUILT.has(wanted) && ["scan", "exact"].includes(plan.kind);
}

/** Large enough for codes, but searched exactly for want of them. */
function isWithoutCodes(plan: Plan | undefined): boolean {
  return plan !== undefined && plan.kind === "exact" && plan.records >= CODED && /no codes yet/.test(plan.reason);
}
