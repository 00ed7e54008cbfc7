import type { ComponentChildren } from "preact";
import { words } from "../state/language";

const say = words({ cancel: { en: "Cancel", ko: "취소" } });

interface Props {
  /** What the form does, as its button says it. */
  readonly submit: string;
  readonly disabled?: boolean;
  readonly danger?: boolean;
  readonly onCancel: () => void;
  /** How far it has come, while it works. */
  readonly children?: ComponentChildren;
}

/** The end of a form in a dialog: leave it, or do it. */
export function FormActions({ submit, disabled = false, danger = false, onCancel, children }: Props) {
  return (
    <div class="actions">
      {children}
      <button type="button" class="button" onClick={onCancel}>
        {say("cancel")}
      </button>
      <button type="submit" class={danger ? "button danger" : "button primary"} disabled={disabled}>
        {submit}
      </button>
    </div>
  );
}
