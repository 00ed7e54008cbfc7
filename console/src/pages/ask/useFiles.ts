import { useEffect, useRef } from "preact/hooks";
import { fetchFiles } from "../../api/assistants";
import { useCall } from "../../ui/useCall";

/** Milliseconds between two questions, at first and at most: most files are read in a moment, some take minutes. */
const FIRST = 400;
const MOST = 4_000;

/** The files of an assistant, asked for again as long as one of them is being read or deleted. filter: JSON, or "". */
export function useFiles(assistant: string, filter = "") {
  const files = useCall((signal) => fetchFiles(assistant, filter, signal), [assistant, filter]);
  const { answer, again } = files;
  const moving = answer?.some((file) => file.status === "Processing" || file.status === "Deleting") ?? false;
  const pause = useRef(FIRST);

  useEffect(() => {
    if (!moving) {
      pause.current = FIRST;
      return;
    }
    const timer = setTimeout(again, pause.current);
    pause.current = Math.min(MOST, 1.4 * pause.current);
    return () => clearTimeout(timer);
  }, [moving, answer, again]);

  return files;
}

export type Files = ReturnType<typeof useFiles>;
