import type { AuditEntry } from "../../api/server";
import { bytes, moment, words } from "../../state/language";

const say = words({
  operation: { en: "Operation", ko: "작업" },
  result: { en: "Result", ko: "결과" },
  ok: { en: "done", ko: "완료" },
  refused: { en: "refused", ko: "거절" },
  failed: { en: "failed", ko: "실패" },
  time: { en: "Time", ko: "시각" },
  who: { en: "Key and client", ko: "키와 클라이언트" },
  where: { en: "Index and namespaces", ko: "인덱스와 네임스페이스" },
  bytes: { en: "In", ko: "받은 양" },
  none_index: { en: "the server", ko: "서버" },
});

const TONES: Readonly<Record<string, string>> = { ok: "good", refused: "warn", failed: "bad" };

interface Props {
  readonly entries: readonly AuditEntry[];
  readonly onKey: (key: string) => void;
  readonly onOperation: (operation: string) => void;
}

export function AuditTable({ entries, onKey, onOperation }: Props) {
  return (
    <table class="table small operate-wide">
      <thead>
        <tr>
          <th>{say("time")}</th>
          <th>{say("operation")}</th>
          <th>{say("result")}</th>
          <th>{say("where")}</th>
          <th>{say("who")}</th>
          <th class="number">{say("bytes")}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={`${entry.time} ${entry.request}`}>
            <td class="operate-time">{moment(entry.time)}</td>
            <td class="operate-path">
              <button type="button" class="operate-link mono" onClick={() => onOperation(entry.operation)}>
                {entry.operation || entry.path || "–"}
              </button>
              <div class="soft mono data">
                {entry.method} {entry.path}
              </div>
            </td>
            <td>
              <span class={`badge ${TONES[entry.result] ?? ""}`}>
                {entry.result === "ok" || entry.result === "refused" || entry.result === "failed"
                  ? say(entry.result)
                  : entry.result}{" "}
                {entry.status}
              </span>
            </td>
            <td class="data">
              {entry.index || <span class="soft">{say("none_index")}</span>}
              {entry.namespaces?.filter(Boolean).map((name) => (
                <div key={name} class="soft data">
                  {name}
                </div>
              ))}
            </td>
            <td>
              {entry.key ? (
                <button type="button" class="operate-link mono" onClick={() => onKey(entry.key)}>
                  {entry.key.slice(0, 13)}
                </button>
              ) : (
                "–"
              )}
              <div class="soft data">{[entry.client, ...(entry.roles ?? [])].filter(Boolean).join(" · ")}</div>
            </td>
            <td class="number">{bytes(entry.bytes_in ?? 0)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
