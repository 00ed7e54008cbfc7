/** The API key of this tab. It is sent in a header and never in a cookie, so another site's page cannot use it. */

import { signal } from "@preact/signals";

const STORED = "pinyon.key";

export const key = signal<string>(globalThis.sessionStorage?.getItem(STORED) ?? "");
/** Why a key is asked for; null while none is. */
export const asked = signal<string | null>(null);

let waiting: Array<(given: boolean) => void> = [];

/** Opens the key dialog. Resolves with true once a key was given, so that the call that was refused can be repeated. */
export function askForKey(why: string): Promise<boolean> {
  asked.value = why;
  return new Promise((resolve) => waiting.push(resolve));
}

export function giveKey(given: string): void {
  key.value = given;
  sessionStorage.setItem(STORED, given);
  settle(true);
}

export function refuseKey(): void {
  settle(false);
}

export function forgetKey(): void {
  key.value = "";
  sessionStorage.removeItem(STORED);
}

function settle(given: boolean): void {
  asked.value = null;
  const all = waiting;
  waiting = [];
  for (const resolve of all) resolve(given);
}
