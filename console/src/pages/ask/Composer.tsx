import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { number, words } from "../../state/language";
import { loadDraft, saveDraft } from "./conversation";

const say = words({
  question: { en: "Question", ko: "질문" },
  placeholder: { en: "Ask a question…", ko: "질문을 입력하세요…" },
  hint: { en: "Enter asks, Shift+Enter begins a new line.", ko: "Enter로 질문, Shift+Enter로 줄 바꿈." },
  ask: { en: "Ask", ko: "질문하기" },
  stop: { en: "Stop", ko: "멈추기" },
  long: {
    en: "{count} characters; a question has at most {most}. Long texts can be uploaded as files.",
    ko: "{count}자입니다. 질문은 {most}자까지입니다. 긴 글은 파일로 올리세요.",
  },
  wrong: { en: "One of the settings above cannot be sent as it is.", ko: "위 설정 중 잘못된 값이 있습니다." },
});

const MOST = 8_000;

interface Props {
  readonly assistant: string;
  /** A former question that is to be changed. */
  readonly edited: { readonly text: string } | undefined;
  readonly busy: boolean;
  /** Whether the settings can be sent. */
  readonly ready: boolean;
  readonly onAsk: (question: string) => void;
  readonly onStop: () => void;
}

/** Where questions are written. What is in it survives other pages and reloads of the tab. */
export function Composer({ assistant, edited, busy, ready, onAsk, onStop }: Props) {
  const [text, setText] = useState(() => loadDraft(sessionStorage, assistant));
  const [refused, setRefused] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const count = [...text].length;
  const wrong = count > MOST ? say("long", { count, most: MOST }) : refused && !ready ? say("wrong") : "";

  // At once: an effect that waits for the next frame would lose what was typed just before the page went.
  useLayoutEffect(() => saveDraft(sessionStorage, assistant, text), [assistant, text]);
  useEffect(() => {
    if (!edited) return;
    setText(edited.text);
    area.current?.focus();
  }, [edited]);

  const ask = (event: Event) => {
    event.preventDefault();
    const question = text.trim();
    setRefused(!ready);
    if (!question || !ready || count > MOST) return;
    onAsk(question);
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While a syllable is being composed, Enter ends it.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) ask(event);
  };

  return (
    <form class="composer panel" onSubmit={ask}>
      <label class="hidden-visually" for={id}>
        {say("question")}
      </label>
      <div class="line">
        <textarea
          ref={area}
          id={id}
          class="input"
          data-main-search
          rows={Math.min(8, text.split("\n").length)}
          placeholder={say("placeholder")}
          value={text}
          aria-describedby={`${id}-hint`}
          {...(wrong ? { "aria-invalid": "true" as const } : {})}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {busy && (
          <button type="button" class="button" onClick={onStop}>
            {say("stop")}
          </button>
        )}
        <button type="submit" class="button primary" disabled={!text.trim()}>
          {say("ask")}
        </button>
      </div>
      <span id={`${id}-hint`} class={wrong ? "wrong small" : "hint soft small"} role={wrong ? "alert" : undefined}>
        {wrong || say("hint")}
        {!wrong && count > MOST / 2 ? ` ${number(count)} / ${number(MOST)}` : ""}
      </span>
    </form>
  );
}
