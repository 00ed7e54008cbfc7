import { useState } from "preact/hooks";
import { codeOf } from "../../api/code";
import { fetchByIds, type Place, type StoredRecord, upsert } from "../../api/records";
import { words } from "../../state/language";
import { Copy } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { rewritten } from "./save";
import { shortened } from "./shortened";

const say = words({
  title: { en: "This record as code", ko: "이 레코드를 코드로" },
  what: { en: "What the code does", ko: "코드가 하는 일" },
  fetch: { en: "Fetch it", ko: "조회" },
  upsert: { en: "Write it", ko: "저장" },
  language: { en: "Language", ko: "언어" },
  close: { en: "Close", ko: "닫기" },
  key: {
    en: "The key is read from the variable PINECONE_API_KEY.",
    ko: "키는 환경 변수 PINECONE_API_KEY에서 읽습니다.",
  },
  whole: { en: "Shown shortened; what is copied is whole.", ko: "줄여서 보여 줍니다. 복사하면 전체가 복사됩니다." },
});

interface Props {
  readonly place: Place;
  readonly record: StoredRecord;
  readonly onClose: () => void;
}

export function CodeDialog({ place, record, onClose }: Props) {
  const [action, setAction] = useState<"fetch" | "upsert">("fetch");
  const [chosen, setChosen] = useState(0);
  const call =
    action === "fetch" ? fetchByIds(place, [record.id]) : upsert(place, [rewritten(record, record.metadata ?? {})]);
  const texts = codeOf(call);
  const text = texts[chosen]?.[1] ?? "";
  const short = shortened(text);
  return (
    <Dialog title={say("title")} onClose={onClose} wide>
      <fieldset class="segments" aria-label={say("what")}>
        {(["fetch", "upsert"] as const).map((one) => (
          <button
            key={one}
            type="button"
            class="button small"
            aria-pressed={one === action}
            onClick={() => setAction(one)}
          >
            {say(one)}
          </button>
        ))}
      </fieldset>
      <div class="tabs" role="tablist" aria-label={say("language")}>
        {texts.map(([name], at) => (
          <button key={name} type="button" role="tab" aria-selected={at === chosen} onClick={() => setChosen(at)}>
            {name}
          </button>
        ))}
      </div>
      <div class="code">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre tabIndex={0}>
          <code>{short}</code>
        </pre>
        <Copy text={text} />
      </div>
      <p class="soft small">
        {say("key")} {short !== text && say("whole")}
      </p>
      <div class="actions">
        <button type="button" class="button" onClick={onClose}>
          {say("close")}
        </button>
      </div>
    </Dialog>
  );
}
