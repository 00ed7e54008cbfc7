import type { Schedule } from "../../api/backups";
import { to } from "../../routes";
import { moment, words } from "../../state/language";

const say = words({
  name: { en: "Schedule", ko: "예약" },
  index: { en: "Index", ko: "인덱스" },
  often: { en: "How often", ko: "주기" },
  next: { en: "Next backup", ko: "다음 백업" },
  on: { en: "On", ko: "사용" },
  actions: { en: "Actions", ko: "작업" },
  daily: { en: "every day", ko: "매일" },
  weekly: { en: "every week", ko: "매주" },
  monthly: { en: "every month", ko: "매월" },
  kept: { en: { one: "kept for 1 day", other: "kept for {count} days" }, ko: "{count}일 보관" },
  enable_it: { en: "Schedule {name} is on", ko: "예약 {name} 사용" },
  remove: { en: "Delete", ko: "삭제" },
  remove_it: { en: "Delete schedule {name}", ko: "예약 {name} 삭제" },
});

export interface Scheduled {
  readonly index: string;
  readonly schedule: Schedule;
}

interface Props {
  readonly schedules: readonly Scheduled[];
  readonly busy: boolean;
  readonly onEnable: (id: string, enabled: boolean) => void;
  readonly onDelete: (scheduled: Scheduled) => void;
}

export function ScheduleTable({ schedules, busy, onEnable, onDelete }: Props) {
  return (
    <div class="panel scroll">
      <table class="table backups">
        <thead>
          <tr>
            <th scope="col">{say("name")}</th>
            <th scope="col">{say("index")}</th>
            <th scope="col">{say("often")}</th>
            <th scope="col">{say("next")}</th>
            <th scope="col">{say("on")}</th>
            <th scope="col">
              <span class="hidden-visually">{say("actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {schedules.map(({ index, schedule }) => (
            <tr key={schedule.schedule_id}>
              <th scope="row" class="data">
                {schedule.name}
              </th>
              <td>
                <a href={to.index(index)}>{index}</a>
              </td>
              <td>
                {say(schedule.frequency)}
                <div class="soft small">{say("kept", { count: schedule.retention_expire_after_days })}</div>
              </td>
              <td>{schedule.next_scheduled_run ? moment(schedule.next_scheduled_run) : "–"}</td>
              <td>
                <label class="check">
                  <input
                    type="checkbox"
                    checked={schedule.enabled}
                    disabled={busy}
                    onChange={(event) => onEnable(schedule.schedule_id, event.currentTarget.checked)}
                  />
                  <span class="hidden-visually">{say("enable_it", { name: schedule.name })}</span>
                </label>
              </td>
              <td>
                <div class="row ends">
                  <button
                    type="button"
                    class="button small danger"
                    aria-label={say("remove_it", { name: schedule.name })}
                    onClick={() => onDelete({ index, schedule })}
                  >
                    {say("remove")}
                  </button>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
