import type { Call } from "../api/client";
import { curl } from "../api/curl";
import { words } from "../state/language";
import { Code } from "./Code";

const say = words({ call: { en: "The API call", ko: "API 호출" } });

/** The request behind what is shown, folded away. */
export function AsCode({ call, open = false }: { call: Call; open?: boolean }) {
  return (
    <details open={open}>
      <summary class="soft small">{say("call")}</summary>
      <Code text={curl(call, location.origin)} />
    </details>
  );
}
