import { useState } from "preact/hooks";
import { words } from "../state/language";
import { asked, giveKey, refuseKey } from "../state/session";
import { Dialog } from "./Dialog";
import { TextField } from "./Field";

const say = words({
  title: { en: "This server needs an API key", ko: "API 키가 필요합니다" },
  key: { en: "API key", ko: "API 키" },
  hint: {
    en: "Kept in this tab only, until it is closed. “pinyon keys create NAME” makes one.",
    ko: "이 탭에만 보관하며 탭을 닫으면 사라집니다. “pinyon keys create 이름”으로 만듭니다.",
  },
  use: { en: "Use this key", ko: "이 키 사용" },
  later: { en: "Not now", ko: "나중에" },
  empty: { en: "Enter a key.", ko: "키를 입력하세요." },
  latin: {
    en: "A key has no spaces and only Latin letters, digits and signs.",
    ko: "키에는 공백 없이 영문자, 숫자, 기호만 쓸 수 있습니다.",
  },
});

export function KeyDialog() {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string>();
  if (asked.value === null) return null;

  const use = (event: Event) => {
    event.preventDefault();
    const key = text.trim();
    if (!key) return setWrong(say("empty"));
    if (!/^[\x21-\x7e]+$/.test(key)) return setWrong(say("latin")); // a header could not carry it
    setWrong(undefined);
    setText("");
    giveKey(key);
  };

  return (
    <Dialog title={say("title")} onClose={refuseKey}>
      <form class="stack" onSubmit={use}>
        <p class="soft data">{asked.value}</p>
        <TextField
          label={say("key")}
          hint={say("hint")}
          wrong={wrong}
          type="password"
          autocomplete="off"
          value={text}
          onInput={setText}
        />
        <div class="actions">
          <button type="button" class="button" onClick={refuseKey}>
            {say("later")}
          </button>
          <button type="submit" class="button primary">
            {say("use")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
