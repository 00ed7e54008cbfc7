import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fetchMetrics } from "../../api/server";
import { remembered, type Snapshot, snapshot } from "./rates";

/** What was seen of the server while this page was open. It is kept while another page is looked at. */
export const history = signal<readonly Snapshot[]>([]);
export const failure = signal<unknown>(undefined);

export const SECONDS = 2;

export async function look(): Promise<void> {
  try {
    const samples = await fetchMetrics();
    history.value = remembered(history.value, snapshot(Date.now(), samples));
    failure.value = undefined;
  } catch (error) {
    failure.value = error;
  }
}

/** Looks every two seconds while the tab is in sight; after a refusal, only when asked to. */
export function useHistory(): void {
  useEffect(() => {
    let ended = false;
    let timer: ReturnType<typeof setTimeout>;
    const turn = async () => {
      if (!document.hidden) await look();
      if (!ended) timer = setTimeout(turn, SECONDS * 1000);
    };
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, []);
}
