import { words } from "../../../state/language";
import { Copy } from "../../../ui/Copy";
import { Dialog } from "../../../ui/Dialog";

const say = words({
  title: { en: "The secret of {name}", ko: "{name}의 비밀 값" },
  once: {
    en: "This is the only time that it is shown: the server keeps a digest. Copy it now to where it will be used.",
    ko: "지금 한 번만 표시합니다. 서버에는 해시만 남으니, 사용할 곳에 지금 복사해 두세요.",
  },
  done: { en: "I have copied it", ko: "복사했습니다" },
});

/** What was made, and its secrets as [name of a variable, value]. */
export interface Made {
  readonly name: string;
  readonly parts: ReadonlyArray<readonly [variable: string, value: string]>;
}

export function Secret({ made, onClose }: { made: Made; onClose: () => void }) {
  return (
    <Dialog title={say("title", { name: made.name })} onClose={onClose}>
      <p class="notice warn">{say("once")}</p>
      {made.parts.map(([variable, value]) => (
        <div key={variable} class="field">
          <span class="label mono">{variable}</span>
          <div class="operate-secret">
            <code data-secret={variable}>{value}</code>
            <Copy text={value} />
          </div>
        </div>
      ))}
      <div class="actions">
        <button type="button" class="button primary" onClick={onClose}>
          {say("done")}
        </button>
      </div>
    </Dialog>
  );
}
