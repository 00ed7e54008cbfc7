import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { words } from "../state/language";
import { Dialog } from "./Dialog";
import { TextField } from "./Field";
import { Problem } from "./Problem";

const say = words({
  cancel: { en: "Cancel", ko: "취소" },
  type: { en: "Type {name} to confirm", ko: "확인하려면 {name} 입력" },
});

interface Props {
  readonly title: string;
  readonly action: string;
  /** What must be typed first; for what cannot be undone. */
  readonly typed?: string;
  readonly children?: ComponentChildren;
  readonly onClose: () => void;
  readonly onConfirm: () => Promise<void>;
}

/** Asks before something is destroyed. It stays open with the reason when the server refuses. */
export function Confirm({ title, action, typed, children, onClose, onConfirm }: Props) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const ready = !busy && (typed === undefined || text === typed);

  const confirm = async (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };

  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={confirm}>
        {children}
        {typed !== undefined && (
          <TextField
            label={say("type", { name: typed })}
            value={text}
            onInput={setText}
            autocomplete="off"
            spellcheck={false}
          />
        )}
        {error !== undefined && <Problem error={error} />}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            {say("cancel")}
          </button>
          <button type="submit" class="button danger" disabled={!ready}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
