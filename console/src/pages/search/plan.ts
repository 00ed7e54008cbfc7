/** What a plan says, in numbers to draw. */

import type { Plan } from "../../api/search";

export interface Stage {
  readonly name: string;
  readonly milliseconds: number;
  /** Of the whole, 0 to 1. */
  readonly share: number;
  /** Of the series colours, 1 to 6. */
  readonly colour: number;
}

/** In the order in which they happen; those that took no time at all are left out. */
export function stages(plan: Plan): readonly Stage[] {
  const all = Object.entries(plan.milliseconds).filter(([, value]) => value > 0);
  const whole = all.reduce((sum, [, value]) => sum + value, 0);
  return all.map(([name, milliseconds], place) => ({
    name,
    milliseconds,
    share: milliseconds / whole,
    colour: (place % 6) + 1,
  }));
}

export function total(plan: Plan): number {
  return Object.values(plan.milliseconds).reduce((sum, value) => sum + value, 0);
}
