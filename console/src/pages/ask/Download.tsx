import { useState } from "preact/hooks";
import { downloadFile } from "../../api/assistants";
import { respond } from "../../api/client";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { download } from "../../ui/files";
import { told } from "../../ui/Problem";

const say = words({ download: { en: "Download", ko: "내려받기" } });

/** The bytes of a file as they were uploaded. Its address takes a key, so that a link would not do. */
export async function fetchBytes(assistant: string, id: string): Promise<Blob> {
  return (await respond(downloadFile(assistant, id))).blob();
}

export function Download({ assistant, id, name }: { assistant: string; id: string; name: string }) {
  const [busy, setBusy] = useState(false);
  const get = async () => {
    setBusy(true);
    try {
      download(await fetchBytes(assistant, id), name);
    } catch (error) {
      toast(told(error), "bad");
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button small" disabled={busy} onClick={get}>
      {say("download")}
      <span class="hidden-visually"> {name}</span>
    </button>
  );
}
