import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError } from "../../api/client";
import { fetchMetrics } from "../../api/server";
import { key } from "../../state/session";
import { remembered, type Snapshot, snapshot } from "./rates";

/** What was seen of the server while this page was open. It is kept while another page is looked at. */
export const history = signal<readonly Snapshot[]>([]);
export const failure = signal<unknown>(undefined);

export const SECONDS = 2;

/** The key that may not look, so that it is not asked for again and again. */
let refused: string | undefined;

export async function look(): Promise<void> {
  try {
    const samples = await fetchMetrics();
    history.value = remembered(history.value, snapshot(Date.now(), samples));
    failure.value = undefined;
    refused = undefined;
  } catch (error) {
    failure.value = error;
    refused = error instanceof ApiError && [401, 403].includes(error.status) ? key.value : undefined;
  }
}

/** Looks every two seconds while the tab is in sight; after a refusal, only when asked to or with another key. */
export function useHistory(): void {
  useEffect(() => {
    let ended = false;
    let timer: ReturnType<typeof setTimeout>;
    const turn = async () => {
      if (!document.hidden && refused !== key.value) await look();
      if (!ended) timer = setTimeout(turn, SECONDS * 1000);
    };
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, []);
}
