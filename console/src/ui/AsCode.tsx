import type { Call } from "../api/client";
import { codeOf } from "../api/code";
import { words } from "../state/language";
import { CodeTabs } from "./Code";

const say = words({ call: { en: "The API call", ko: "API 호출" } });

/** The request behind what is shown, as code in several languages, folded away. */
export function AsCode({ call, open = false }: { call: Call; open?: boolean }) {
  return (
    <details open={open}>
      <summary class="soft small">{say("call")}</summary>
      <CodeTabs texts={codeOf(call)} />
    </details>
  );
}
