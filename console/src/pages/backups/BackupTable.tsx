import { useState } from "preact/hooks";
import { type Backup, deleteBackup } from "../../api/backups";
import { send } from "../../api/client";
import { to } from "../../routes";
import { bytes, moment, number, words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Confirm } from "../../ui/Confirm";
import { RestoreBackup } from "./RestoreBackup";
import "./backups.css";

const say = words({
  backup: { en: "Backup", ko: "백업" },
  index: { en: "Index", ko: "인덱스" },
  records: { en: "Records", ko: "레코드" },
  size: { en: "Size", ko: "크기" },
  actions: { en: "Actions", ko: "작업" },
  unnamed: { en: "without a name", ko: "이름 없음" },
  failed: { en: "failed", ko: "실패" },
  unready: { en: "being made", ko: "만드는 중" },
  restore: { en: "Restore", ko: "복원" },
  restore_it: { en: "Restore {name} of {when}", ko: "{when}의 {name} 복원" },
  remove: { en: "Delete", ko: "삭제" },
  remove_it: { en: "Delete {name} of {when}", ko: "{when}의 {name} 삭제" },
  title: { en: "Delete a backup", ko: "백업 삭제" },
  what: { en: "The backup of {index} made {when} is deleted.", ko: "{when}에 만든 {index}의 백업을 삭제합니다." },
  forever: { en: "This cannot be undone.", ko: "되돌릴 수 없습니다." },
  removed: { en: "The backup was deleted.", ko: "백업을 삭제했습니다." },
});

interface Props {
  readonly backups: readonly Backup[];
  /** All are of one index, whose page this is. */
  readonly short?: boolean;
  readonly onChanged: () => void;
}

export function BackupTable({ backups, short = false, onChanged }: Props) {
  const [restoring, setRestoring] = useState<Backup>();
  const [deleting, setDeleting] = useState<Backup>();
  const remove = async () => {
    if (!deleting) return;
    await send(deleteBackup(deleting.backup_id));
    toast(say("removed"));
    onChanged();
  };
  return (
    <>
      <div class="scroll">
        <table class="table backups">
          <thead>
            <tr>
              <th scope="col">{say("backup")}</th>
              {!short && <th scope="col">{say("index")}</th>}
              <th scope="col" class="number">
                {say("records")}
              </th>
              <th scope="col" class="number">
                {say("size")}
              </th>
              <th scope="col">
                <span class="hidden-visually">{say("actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {backups.map((backup) => (
              <Row
                key={backup.backup_id}
                backup={backup}
                short={short}
                onRestore={() => setRestoring(backup)}
                onDelete={() => setDeleting(backup)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {restoring && <RestoreBackup backup={restoring} onClose={() => setRestoring(undefined)} />}
      {deleting && (
        <Confirm title={say("title")} action={say("remove")} onClose={() => setDeleting(undefined)} onConfirm={remove}>
          {deleting.name && (
            <p>
              <strong class="data">{deleting.name}</strong>
            </p>
          )}
          <p>{say("what", { index: deleting.source_index_name, when: moment(deleting.created_at) })}</p>
          <p class="notice warn">{say("forever")}</p>
          <AsCode call={deleteBackup(deleting.backup_id)} />
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  readonly backup: Backup;
  readonly short: boolean;
  readonly onRestore: () => void;
  readonly onDelete: () => void;
}

function Row({ backup, short, onRestore, onDelete }: RowProps) {
  const when = moment(backup.created_at);
  const told = { name: backup.name || backup.source_index_name, when };
  const state = { Ready: undefined, InitializationFailed: "failed" as const }[backup.status];
  return (
    <tr>
      <th scope="row">
        {backup.name ? <span class="data">{backup.name}</span> : <span class="soft">{say("unnamed")}</span>}
        {backup.status !== "Ready" && <span class="badge warn">{say(state ?? "unready")}</span>}
        <div class="soft small">{when}</div>
        {backup.description && <div class="soft small data">{backup.description}</div>}
      </th>
      {!short && (
        <td>
          <a href={to.index(backup.source_index_name)}>{backup.source_index_name}</a>
        </td>
      )}
      <td class="number">{number(backup.record_count)}</td>
      <td class="number">{bytes(backup.size_bytes)}</td>
      <td>
        <div class="row ends">
          <button type="button" class="button small" aria-label={say("restore_it", told)} onClick={onRestore}>
            {say("restore")}
          </button>
          <button type="button" class="button small danger" aria-label={say("remove_it", told)} onClick={onDelete}>
            {say("remove")}
          </button>
        </div>
      </td>
    </tr>
  );
}
