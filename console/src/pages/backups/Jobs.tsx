import { isOpen, listJobs, type RestoreJob } from "../../api/backups";
import { everything } from "../../api/pages";
import { to } from "../../routes";
import { moment, number, words } from "../../state/language";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { Progress } from "../../ui/Progress";
import { useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { Waiting } from "../../ui/Waiting";

const say = words({
  none: { en: "Nothing was restored yet", ko: "아직 복원한 것이 없습니다" },
  how: { en: "Restore a backup: its progress is shown here.", ko: "백업을 복원하면 진행 상황이 여기에 나타납니다." },
  index: { en: "New index", ko: "새 인덱스" },
  state: { en: "State", ko: "상태" },
  begun: { en: "Begun", ko: "시작" },
  ended: { en: "Ended", ko: "종료" },
  Pending: { en: "waiting", ko: "대기 중" },
  InProgress: { en: "under way", ko: "진행 중" },
  Completed: { en: "done", ko: "완료" },
  Failed: { en: "failed", ko: "실패" },
  progress: { en: "Progress of {name}", ko: "{name} 진행률" },
});

const TONES = { Pending: "", InProgress: "warn", Completed: "good", Failed: "bad" } as const;

export function Jobs() {
  const jobs = useCall((signal) => everything<RestoreJob>(listJobs(), signal), []);
  useRepeat(Boolean(jobs.answer?.some(isOpen)), 1, jobs.again);
  return (
    <>
      {jobs.error !== undefined && <Problem error={jobs.error} again={jobs.again} />}
      {!jobs.answer && jobs.waiting && <Waiting />}
      {jobs.answer?.length === 0 && (
        <Empty title={say("none")}>
          <p>{say("how")}</p>
        </Empty>
      )}
      {jobs.answer && jobs.answer.length > 0 && (
        <div class="panel scroll">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{say("index")}</th>
                <th scope="col">{say("state")}</th>
                <th scope="col">{say("begun")}</th>
                <th scope="col">{say("ended")}</th>
              </tr>
            </thead>
            <tbody>
              {jobs.answer.map((job) => (
                <JobRow key={job.restore_job_id} job={job} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function JobRow({ job }: { job: RestoreJob }) {
  const name = job.target_index_name;
  const percent = job.percent_complete ?? 0;
  return (
    <tr>
      <td>
        <a href={to.index(name)}>{name}</a>
      </td>
      <td class="job-state">
        <span class={`badge ${TONES[job.status]}`}>{say(job.status)}</span>
        {isOpen(job) && (
          <>
            <Progress label={say("progress", { name })} percent={percent} />
            <span class="soft small">{number(percent, 0)} %</span>
          </>
        )}
      </td>
      <td>{moment(job.created_at)}</td>
      <td>{job.completed_at ? moment(job.completed_at) : "–"}</td>
    </tr>
  );
}
