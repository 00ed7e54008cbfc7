import { useState } from "preact/hooks";
import { deleteSchedule, enableSchedule, listSchedules, type Schedule } from "../../api/backups";
import { send } from "../../api/client";
import { fetchIndexes } from "../../api/indexes";
import { everything } from "../../api/pages";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Confirm } from "../../ui/Confirm";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { useAction } from "../../ui/useAction";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { type Scheduled, ScheduleTable } from "./ScheduleTable";

const say = words({
  none: { en: "No schedule yet", ko: "아직 예약이 없습니다" },
  how: {
    en: "A schedule backs an index up every day, week or month, and deletes backups that are too old.",
    ko: "인덱스를 매일, 매주, 매월 백업하고 오래된 백업을 지웁니다.",
  },
  title: { en: "Delete a schedule", ko: "예약 삭제" },
  stay: {
    en: "No more backups are made by it. Those that it made stay.",
    ko: "더는 백업을 만들지 않습니다. 이미 만든 백업은 남습니다.",
  },
  remove: { en: "Delete schedule", ko: "예약 삭제" },
  removed: { en: "The schedule was deleted.", ko: "예약을 삭제했습니다." },
});

/** The schedules of every index; the API tells them index by index. */
async function fetchSchedules(signal: AbortSignal): Promise<readonly Scheduled[]> {
  const indexes = (await fetchIndexes(signal)).filter((index) => index.status.ready);
  const found = await Promise.all(
    indexes.map(async ({ name }) => {
      const schedules = await everything<Schedule>(listSchedules(name), signal);
      return schedules.map((schedule): Scheduled => ({ index: name, schedule }));
    }),
  );
  return found.flat();
}

export function Schedules({ turn }: { turn: number }) {
  const schedules = useCall(fetchSchedules, [turn]);
  const [deleting, setDeleting] = useState<Scheduled>();
  const action = useAction();
  const enable = (id: string, enabled: boolean) =>
    void action.run(async () => {
      await send(enableSchedule(id, enabled));
      schedules.again();
    });
  const remove = async () => {
    if (!deleting) return;
    await send(deleteSchedule(deleting.schedule.schedule_id));
    toast(say("removed"));
    schedules.again();
  };

  return (
    <>
      {schedules.error !== undefined && <Problem error={schedules.error} again={schedules.again} />}
      {action.error !== undefined && <Problem error={action.error} />}
      {!schedules.answer && schedules.waiting && <Waiting />}
      {schedules.answer?.length === 0 && (
        <Empty title={say("none")}>
          <p>{say("how")}</p>
        </Empty>
      )}
      {schedules.answer && schedules.answer.length > 0 && (
        <ScheduleTable schedules={schedules.answer} busy={action.busy} onEnable={enable} onDelete={setDeleting} />
      )}
      {deleting && (
        <Confirm title={say("title")} action={say("remove")} onClose={() => setDeleting(undefined)} onConfirm={remove}>
          <p>
            <strong class="data">{deleting.schedule.name}</strong> ({deleting.index})
          </p>
          <p>{say("stay")}</p>
          <AsCode call={deleteSchedule(deleting.schedule.schedule_id)} />
        </Confirm>
      )}
    </>
  );
}
