import { useState } from "preact/hooks";
import { words } from "../state/language";
import { Copy } from "./Copy";

const say = words({ language: { en: "As code in", ko: "코드로 보기" } });

export function Code({ text }: { text: string }) {
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <Copy text={text} />
    </div>
  );
}

/** The same thing in several languages. */
export function CodeTabs({ texts }: { texts: ReadonlyArray<readonly [name: string, text: string]> }) {
  const [chosen, setChosen] = useState(0);
  const shown = texts[Math.min(chosen, texts.length - 1)];
  return (
    <div class="stack tight">
      <div class="tabs" role="tablist" aria-label={say("language")}>
        {texts.map(([name], at) => (
          <button key={name} type="button" role="tab" aria-selected={at === chosen} onClick={() => setChosen(at)}>
            {name}
          </button>
        ))}
      </div>
      {shown && <Code text={shown[1]} />}
    </div>
  );
}
