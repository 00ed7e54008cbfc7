import { words } from "../state/language";
import { toast } from "../state/toasts";

const say = words({
  copy: { en: "Copy", ko: "복사" },
  copied: { en: "Copied", ko: "복사했습니다" },
  refused: {
    en: "The browser does not allow copying here: select the text.",
    ko: "브라우저가 복사를 막았습니다. 직접 선택하세요.",
  },
});

export function Copy({ text, label }: { text: string; label?: string }) {
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => toast(say("copied")),
      () => toast(say("refused"), "bad"),
    );
  return (
    <button type="button" class="button small" onClick={copy}>
      {label ?? say("copy")}
    </button>
  );
}
