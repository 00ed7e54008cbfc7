import { useEffect } from "preact/hooks";
import { fetchFiles } from "../../api/assistants";
import { useCall } from "../../ui/useCall";

const MILLISECONDS = 1_500;

/** The files of an assistant, asked for again as long as one of them is being read or deleted. filter: JSON, or "". */
export function useFiles(assistant: string, filter = "") {
  const files = useCall((signal) => fetchFiles(assistant, filter, signal), [assistant, filter]);
  const { answer, again } = files;
  const moving = answer?.some((file) => file.status === "Processing" || file.status === "Deleting") ?? false;

  useEffect(() => {
    if (!moving) return;
    const timer = setTimeout(again, MILLISECONDS);
    return () => clearTimeout(timer);
  }, [moving, answer, again]);

  return files;
}

export type Files = ReturnType<typeof useFiles>;
