import { useState } from "preact/hooks";
import { type Backup, listIndexBackups } from "../../api/backups";
import type { Index } from "../../api/indexes";
import { everything } from "../../api/pages";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { BackupTable } from "../backups/BackupTable";
import { CreateBackup } from "../backups/CreateBackup";

const say = words({
  title: { en: "Backups", ko: "백업" },
  about: {
    en: "A copy of everything at one moment. It stays when the index is deleted.",
    ko: "한 시점의 전체 사본입니다. 인덱스를 삭제해도 남습니다.",
  },
  create: { en: "Back up now", ko: "지금 백업" },
  none: { en: "There is no backup of this index.", ko: "이 인덱스의 백업이 없습니다." },
  schedule: { en: "Make one regularly", ko: "정기적으로 백업하기" },
});

export function IndexBackups({ index }: { index: Index }) {
  const backups = useCall((signal) => everything<Backup>(listIndexBackups(index.name), signal), [index.name]);
  const [creating, setCreating] = useState(false);
  return (
    <Section
      title={say("title")}
      about={say("about")}
      actions={
        <button type="button" class="button small" onClick={() => setCreating(true)}>
          {say("create")}
        </button>
      }
    >
      {backups.error !== undefined && <Problem error={backups.error} again={backups.again} />}
      {!backups.answer && backups.waiting && <Waiting />}
      {backups.answer?.length === 0 && <p class="soft">{say("none")}</p>}
      {backups.answer && backups.answer.length > 0 && (
        <BackupTable backups={backups.answer} short onChanged={backups.again} />
      )}
      <p>
        <a href={withQuery(to.backups(), { view: "schedules" })}>{say("schedule")}</a>
      </p>
      {creating && <CreateBackup index={index.name} onClose={() => setCreating(false)} onCreated={backups.again} />}
    </Section>
  );
}
