import type { Call } from "../api/client";
import { curlOf } from "../api/curl";
import { words } from "../state/language";
import { key } from "../state/session";
import { Code } from "./Code";

const say = words({ show: { en: "The API call", ko: "API 호출 보기" } });

/** What a form is about to send, for who would rather do it from a program. */
export function CallCode({ call }: { call: Call }) {
  return (
    <details class="call">
      <summary class="soft small">{say("show")}</summary>
      <Code text={curlOf(call, location.origin, key.value !== "")} />
    </details>
  );
}
