import { number, words } from "../../state/language";
import { Problem } from "../../ui/Problem";
import type { Progress } from "./useRun";

const say = words({
  going: { en: "{done} of {total}", ko: "{total}개 중 {done}개" },
  drawing: { en: "Choosing queries…", ko: "질의를 고르는 중…" },
  progress: { en: "Progress", ko: "진행" },
  cancel: { en: "Cancel", ko: "취소" },
  cancelled: {
    en: "Cancelled after {done} of {total}: what follows is of those.",
    ko: "{total}개 중 {done}개에서 취소했습니다. 아래 수치는 여기까지의 결과입니다.",
  },
  none: { en: "Cancelled before the first result.", ko: "첫 결과가 나오기 전에 취소했습니다." },
});

interface Props {
  readonly progress: Progress<unknown>;
  readonly onCancel: () => void;
  readonly again: () => void;
}

/** How far a run is, and the way to end it; afterwards what ended it. */
export function Going({ progress, onCancel, again }: Props) {
  const { items, total, running, cancelled, error } = progress;
  return (
    <>
      {running && (
        <div class="row">
          <progress aria-label={say("progress")} max={total || 1} {...(total ? { value: items.length } : {})} />
          <span class="number">
            {total ? say("going", { done: items.length, total: number(total) }) : say("drawing")}
          </span>
          <button type="button" class="button small" onClick={onCancel}>
            {say("cancel")}
          </button>
        </div>
      )}
      {cancelled && (
        <p class="notice warn" role="status">
          {items.length ? say("cancelled", { done: items.length, total }) : say("none")}
        </p>
      )}
      {error !== undefined && <Problem error={error} again={again} />}
    </>
  );
}
