import type { ComponentChildren } from "preact";
import { configureIndex } from "../../api/indexes";
import { words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { Problem } from "../../ui/Problem";
import type { Action } from "../../ui/useAction";

const say = words({
  save: { en: "Save", ko: "저장" },
  saving: { en: "Saving…", ko: "저장하는 중…" },
  undo: { en: "Undo", ko: "되돌리기" },
});

interface Props {
  readonly title: string;
  readonly about?: ComponentChildren;
  readonly index: string;
  /** What would be sent; undefined while there is nothing to save, or something is wrong. */
  readonly body: unknown;
  readonly dirty: boolean;
  readonly action: Action;
  readonly onSave: () => void;
  readonly onUndo: () => void;
  readonly children: ComponentChildren;
}

/** A group of settings that is saved at once. */
export function SettingForm(props: Props) {
  return (
    <form
      class="setting stack tight"
      noValidate
      aria-label={props.title}
      onSubmit={(event) => {
        event.preventDefault();
        props.onSave();
      }}
    >
      <h3>{props.title}</h3>
      {props.about && <p class="soft small">{props.about}</p>}
      {props.children}
      {props.action.error !== undefined && <Problem error={props.action.error} />}
      {props.dirty && (
        <>
          {props.body !== undefined && <AsCode call={configureIndex(props.index, props.body)} />}
          <div class="row">
            <button type="submit" class="button primary small" disabled={props.action.busy || props.body === undefined}>
              {props.action.busy ? say("saving") : say("save")}
            </button>
            <button type="button" class="button small" disabled={props.action.busy} onClick={props.onUndo}>
              {say("undo")}
            </button>
          </div>
        </>
      )}
    </form>
  );
}
