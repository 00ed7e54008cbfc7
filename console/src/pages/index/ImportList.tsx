import { type Import, isUnderWay } from "../../api/imports";
import { moment, number, words } from "../../state/language";
import { Progress } from "../../ui/Progress";

const say = words({
  list: { en: "Imports of this index", ko: "이 인덱스의 가져오기" },
  Pending: { en: "waiting", ko: "대기 중" },
  InProgress: { en: "under way", ko: "진행 중" },
  Failed: { en: "failed", ko: "실패" },
  Completed: { en: "done", ko: "완료" },
  Cancelled: { en: "cancelled", ko: "취소됨" },
  records: { en: { one: "1 record", other: "{count} records" }, ko: "레코드 {count}개" },
  progress: { en: "Progress of {uri}", ko: "{uri} 진행률" },
  cancel: { en: "Cancel", ko: "취소" },
  cancel_it: { en: "Cancel the import of {uri}", ko: "{uri} 가져오기 취소" },
});

const TONES = { Pending: "", InProgress: "warn", Failed: "bad", Completed: "good", Cancelled: "" } as const;

interface Props {
  readonly imports: readonly Import[];
  readonly busy: boolean;
  readonly onCancel: (id: string) => void;
}

export function ImportList({ imports, busy, onCancel }: Props) {
  return (
    <ul class="jobs" aria-label={say("list")}>
      {imports.map((one) => (
        <li key={one.id} class="stack tight">
          <div class="row spread">
            <code class="data grow">{one.uri}</code>
            <span class={`badge ${TONES[one.status]}`}>{say(one.status)}</span>
          </div>
          {isUnderWay(one) && <Progress label={say("progress", { uri: one.uri })} percent={one.percentComplete} />}
          <div class="row spread soft small">
            <span aria-live={isUnderWay(one) ? "polite" : "off"}>
              {say("records", { count: one.recordsImported })} ({number(one.percentComplete, 1)} %)
            </span>
            <span>{moment(one.finishedAt ?? one.createdAt)}</span>
            {isUnderWay(one) && (
              <button
                type="button"
                class="button small"
                disabled={busy}
                aria-label={say("cancel_it", { uri: one.uri })}
                onClick={() => onCancel(one.id)}
              >
                {say("cancel")}
              </button>
            )}
          </div>
          {one.error && <p class="notice bad small data">{one.error}</p>}
        </li>
      ))}
    </ul>
  );
}
