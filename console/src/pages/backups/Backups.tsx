import { useState } from "preact/hooks";
import { type Backup, listBackups } from "../../api/backups";
import { fetchIndexes } from "../../api/indexes";
import { everything } from "../../api/pages";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { BackupTable } from "./BackupTable";
import { CreateBackup } from "./CreateBackup";
import { CreateSchedule } from "./CreateSchedule";
import { Jobs } from "./Jobs";
import { Schedules } from "./Schedules";
import "./backups.css";

const say = words({
  title: { en: "Backups", ko: "백업" },
  views: { en: "Backups and what belongs to them", ko: "백업 화면" },
  backups: { en: "Backups", ko: "백업" },
  jobs: { en: "Restored", ko: "복원 작업" },
  schedules: { en: "Schedules", ko: "예약" },
  backup: { en: "Back up an index", ko: "인덱스 백업" },
  schedule: { en: "Add a schedule", ko: "예약 추가" },
  find: { en: "Find by index, name or description", ko: "인덱스, 이름, 설명으로 찾기" },
  none: { en: "No backup yet", ko: "아직 백업이 없습니다" },
  how: {
    en: "A backup is a copy of a whole index at one moment. A new index can be made from it at any time, also after the index was deleted.",
    ko: "백업은 한 시점의 인덱스 전체 사본입니다. 인덱스를 삭제한 뒤에도 언제든 새 인덱스로 복원할 수 있습니다.",
  },
  nothing: { en: "No backup is like that.", ko: "조건에 맞는 백업이 없습니다." },
});

const VIEWS = ["backups", "jobs", "schedules"] as const;

export function Backups() {
  const [query, setQuery] = useQuery();
  const view = VIEWS.find((view) => view === query.view) ?? "backups";
  const indexes = useCall(fetchIndexes, []);
  const backups = useCall((signal) => everything<Backup>(listBackups(), signal), []);
  const [turn, setTurn] = useState(0);
  const choices = (indexes.answer ?? []).filter((index) => index.status.ready).map((index) => index.name);
  const close = () => setQuery({ create: undefined });

  return (
    <Page
      title={say("title")}
      actions={
        <>
          <button type="button" class="button" onClick={() => setQuery({ create: "schedule" })}>
            {say("schedule")}
          </button>
          <button type="button" class="button primary" onClick={() => setQuery({ create: "backup" })}>
            {say("backup")}
          </button>
        </>
      }
    >
      <nav class="tabs" aria-label={say("views")}>
        {VIEWS.map((one) => (
          <a
            key={one}
            href={withQuery(to.backups(), { view: one === "backups" ? undefined : one })}
            {...(one === view ? { "aria-current": "page" as const } : {})}
          >
            {say(one)}
          </a>
        ))}
      </nav>
      {view === "backups" && (
        <>
          {backups.error !== undefined && <Problem error={backups.error} again={backups.again} />}
          {!backups.answer && backups.waiting && <Waiting />}
          {backups.answer && (
            <All
              backups={backups.answer}
              wanted={query.find ?? ""}
              onWanted={(find) => setQuery({ find })}
              onChanged={backups.again}
            />
          )}
        </>
      )}
      {view === "jobs" && <Jobs />}
      {view === "schedules" && <Schedules turn={turn} />}
      {query.create === "backup" && <CreateBackup choices={choices} onClose={close} onCreated={backups.again} />}
      {query.create === "schedule" && (
        <CreateSchedule choices={choices} onClose={close} onCreated={() => setTurn((turn) => turn + 1)} />
      )}
    </Page>
  );
}

interface AllProps {
  readonly backups: readonly Backup[];
  readonly wanted: string;
  readonly onWanted: (text: string) => void;
  readonly onChanged: () => void;
}

function All({ backups, wanted, onWanted, onChanged }: AllProps) {
  const shown = backups.filter((backup) => isLike(backup, wanted));
  if (backups.length === 0) {
    return (
      <Empty title={say("none")}>
        <p>{say("how")}</p>
      </Empty>
    );
  }
  return (
    <>
      <input
        class="input"
        type="search"
        data-main-search
        aria-label={say("find")}
        placeholder={say("find")}
        value={wanted}
        onInput={(event) => onWanted(event.currentTarget.value)}
      />
      <div class="panel">
        {shown.length > 0 ? (
          <BackupTable backups={shown} onChanged={onChanged} />
        ) : (
          <p class="soft">{say("nothing")}</p>
        )}
      </div>
    </>
  );
}

function isLike(backup: Backup, wanted: string): boolean {
  const text = [backup.source_index_name, backup.name, backup.description].join(" ").toLowerCase();
  return text.includes(wanted.trim().toLowerCase());
}
