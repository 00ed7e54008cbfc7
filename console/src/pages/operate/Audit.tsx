import { useState } from "preact/hooks";
import { fetchAudit, readAudit } from "../../api/server";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { AsCode } from "../../ui/AsCode";
import { Empty } from "../../ui/Empty";
import { SelectField, TextField } from "../../ui/Field";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { AuditTable } from "./AuditTable";
import { Trouble } from "./Trouble";

const say = words({
  audit: { en: "Audit log", ko: "감사 기록" },
  key: { en: "Key id", ko: "키 ID" },
  operation: { en: "Operation", ko: "작업" },
  any: { en: "Any", ko: "모두" },
  result: { en: "Result", ko: "결과" },
  ok: { en: "done", ko: "완료" },
  refused: { en: "refused", ko: "거절" },
  failed: { en: "failed", ko: "실패" },
  none: { en: "Nothing is written down", ko: "기록이 없습니다" },
  begin: {
    en: "Every change and every refusal is written to logs/audit.jsonl in the data directory. If you expected entries here, take a filter away, or see whether the setting audit is off.",
    ko: "모든 변경과 거절된 요청은 데이터 디렉터리의 logs/audit.jsonl에 기록됩니다. 기대한 기록이 없으면 필터를 지우거나, audit 설정이 off인지 확인하세요.",
  },
  again: { en: "Refresh", ko: "새로 고침" },
  more: { en: "Show more", ko: "더 보기" },
});

const STEP = 100;
const MOST = 1000;

export function Audit() {
  const [{ key = "", operation = "", result = "" }, change] = useQuery();
  const [limit, setLimit] = useState(STEP);
  const entries = useCall((signal) => fetchAudit(limit, key, operation, signal), [limit, key, operation]);
  const shown = (entries.answer ?? []).filter((entry) => !result || entry.result === result);

  return (
    <section class="stack">
      <div class="operate-filters">
        <div class="grow">
          <TextField
            label={say("operation")}
            placeholder="create_index"
            mono
            value={operation}
            onInput={(operation) => change({ operation: operation.trim() })}
          />
        </div>
        <div class="grow">
          <TextField label={say("key")} mono value={key} onInput={(key) => change({ key: key.trim() })} />
        </div>
        <SelectField
          label={say("result")}
          value={result}
          options={[
            ["", say("any")],
            ["ok", say("ok")],
            ["refused", say("refused")],
            ["failed", say("failed")],
          ]}
          onInput={(result) => change({ result })}
        />
        <button type="button" class="button" onClick={entries.again}>
          {say("again")}
        </button>
      </div>
      {entries.error !== undefined && <Trouble error={entries.error} again={entries.again} />}
      {!entries.answer && entries.waiting && <Waiting />}
      {entries.answer && !shown.length && (
        <Empty title={say("none")}>
          <p>{say("begin")}</p>
        </Empty>
      )}
      {shown.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div class="panel scroll" tabIndex={0} role="region" aria-label={say("audit")}>
          <AuditTable
            entries={shown}
            onKey={(key) => change({ key })}
            onOperation={(operation) => change({ operation })}
          />
        </div>
      )}
      {entries.answer && entries.answer.length >= limit && limit < MOST && (
        <button type="button" class="button" onClick={() => setLimit(Math.min(MOST, limit * 2))}>
          {say("more")}
        </button>
      )}
      <AsCode call={readAudit(limit, key, operation)} />
    </section>
  );
}
