import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { words } from "../state/language";
import { Dialog } from "./Dialog";
import { TextField } from "./Field";
import { FormActions } from "./FormActions";
import { Problem } from "./Problem";
import { useAction } from "./useAction";

const say = words({
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
  const { busy, error, run } = useAction();
  const ready = !busy && (typed === undefined || text === typed);

  const confirm = async (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    await run(async () => {
      await onConfirm();
      onClose();
    });
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
        <FormActions submit={action} disabled={!ready} danger onCancel={onClose} />
      </form>
    </Dialog>
  );
}
