import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type StoredFile, uploadFile } from "../../api/assistants";
import { upload } from "../../api/upload";
import { type Obstacle, obstacle } from "./kinds";

/** A file on its way. refused: it was not sent, because of that. share: 0 to 1. */
export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly metadata: unknown;
  readonly state: "waiting" | "sending" | "failed" | "refused";
  readonly share: number;
  readonly error?: unknown;
  readonly refused?: Obstacle;
}

const AT_ONCE = 2;
let last = 0;

/** Files that are sent to an assistant, a few at a time. What failed stays, to be tried again. */
export function useUploads(assistant: string, limit: number | undefined, onSent: (file: StoredFile) => void) {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const running = useRef(new Map<number, AbortController>());
  const sent = useRef(onSent);
  sent.current = onSent;

  const change = useCallback((id: number, changed: Partial<Upload>) => {
    setUploads((uploads) => uploads.map((one) => (one.id === id ? { ...one, ...changed } : one)));
  }, []);
  const dismiss = useCallback((id: number) => {
    running.current.get(id)?.abort();
    setUploads((uploads) => uploads.filter((one) => one.id !== id));
  }, []);

  const start = useCallback(
    async (one: Upload) => {
      const controller = new AbortController();
      running.current.set(one.id, controller);
      try {
        const call = uploadFile(assistant, one.file, one.metadata);
        const stored = await upload<StoredFile>(call, (share) => change(one.id, { share }), controller.signal);
        dismiss(one.id);
        sent.current(stored);
      } catch (error) {
        if (!controller.signal.aborted) change(one.id, { state: "failed", error });
      } finally {
        running.current.delete(one.id);
      }
    },
    [assistant, change, dismiss],
  );

  useEffect(() => {
    const free = AT_ONCE - uploads.filter((one) => one.state === "sending").length;
    const next = uploads.filter((one) => one.state === "waiting").slice(0, free);
    for (const one of next) {
      change(one.id, { state: "sending", share: 0 });
      start(one);
    }
  }, [uploads, change, start]);

  const add = useCallback(
    (files: readonly File[], metadata: unknown) => {
      const added = files.map((file): Upload => {
        last += 1;
        const refused = obstacle(file, limit);
        const same = { id: last, file, metadata, share: 0 };
        return refused ? { ...same, state: "refused", refused } : { ...same, state: "waiting" };
      });
      setUploads((uploads) => [...uploads, ...added]);
    },
    [limit],
  );
  const again = useCallback((id: number) => change(id, { state: "waiting", share: 0 }), [change]);

  return { uploads, add, again, dismiss };
}

export type Uploads = ReturnType<typeof useUploads>;
