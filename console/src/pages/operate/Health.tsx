import { fetchReady, fetchVersion } from "../../api/server";
import { bytes, moment, number, percent, words } from "../../state/language";
import { useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { Waiting } from "../../ui/Waiting";
import { failure, history, look, SECONDS } from "./history";
import { Panels } from "./Panels";
import { ratesOf, type Snapshot, sum } from "./rates";
import { Tile } from "./Tile";
import { Traffic } from "./Traffic";
import { Trouble } from "./Trouble";

const say = words({
  health: { en: "How the server is", ko: "서버 상태" },
  version: { en: "Release", ko: "버전" },
  api: { en: "API up to {version}", ko: "API {version}까지" },
  state: { en: "State", ko: "상태" },
  ready: { en: "ready", ko: "정상" },
  notReady: { en: "not ready", ko: "준비되지 않음" },
  gone: { en: "does not answer", ko: "응답 없음" },
  up: { en: "up for {time}", ko: "{time}째 실행 중" },
  memory: { en: "Memory of namespaces", ko: "네임스페이스 메모리" },
  budget: { en: "{share} of {budget}", ko: "예산 {budget} 중 {share}" },
  requests: { en: "Requests a second", ko: "초당 요청" },
  inFlight: { en: { one: "{count} is being answered", other: "{count} are being answered" }, ko: "{count}건 처리 중" },
  records: { en: "Records", ko: "레코드" },
  disk: { en: "{size} on disk", ko: "디스크 {size}" },
  slow: { en: "Slow queries", ko: "느린 질의" },
  sinceStart: { en: "since the start", ko: "시작 이후" },
  days: { en: "{days} d {hours} h", ko: "{days}일 {hours}시간" },
  hours: { en: "{hours} h {minutes} min", ko: "{hours}시간 {minutes}분" },
  minutes: { en: "{minutes} min {seconds} s", ko: "{minutes}분 {seconds}초" },
});

export function Health() {
  const all = history.value;
  const latest = all.at(-1);
  return (
    <div class="stack">
      {failure.value !== undefined && <Trouble error={failure.value} again={() => void look()} />}
      {!latest && failure.value === undefined && <Waiting />}
      <Tiles latest={latest} />
      {latest && (
        <>
          <Traffic />
          <Panels />
        </>
      )}
    </div>
  );
}

function Tiles({ latest }: { latest: Snapshot | undefined }) {
  const version = useCall(fetchVersion, []);
  const ready = useCall(fetchReady, []);
  useRepeat(!ready.waiting, 5 * SECONDS, ready.again);
  const read = (name: string) => sum(latest?.samples ?? [], name);
  const [used, budget] = [read("pinyon_memory_used_bytes"), read("pinyon_memory_budget_bytes")];
  const started = read("process_start_time_seconds");
  const rates = ratesOf(history.value.slice(-6), (of) => sum(of.samples, "pinyon_request_duration_seconds_count") ?? 0);
  const known = rates.filter((rate) => rate !== null);
  const rate = known.length ? known.reduce((total, one) => total + one, 0) / known.length : null;
  const share = used !== undefined && budget ? used / budget : null;
  const told = ready.error !== undefined ? "gone" : ready.answer ? "ready" : "notReady";
  const waits = ready.answer === undefined && ready.error === undefined;

  return (
    <section class="operate-tiles" aria-label={say("health")}>
      <Tile label={say("version")} value={version.answer?.version ?? "…"}>
        {version.answer && say("api", { version: version.answer.api_versions.at(-1) ?? "" })}
      </Tile>
      <Tile label={say("state")} value={waits ? "…" : say(told)} tone={waits ? "" : told === "ready" ? "good" : "bad"}>
        {started && (
          <span title={moment(started * 1000)}>{say("up", { time: lasting(Date.now() / 1000 - started) })}</span>
        )}
      </Tile>
      {latest && (
        <>
          <Tile label={say("memory")} value={used === undefined ? "–" : bytes(used)} share={share}>
            {share !== null && budget && say("budget", { share: percent(share), budget: bytes(budget) })}
          </Tile>
          <Tile label={say("requests")} value={rate === null ? "…" : number(rate, 1)}>
            {say("inFlight", { count: read("pinyon_requests_in_flight") ?? 0 })}
          </Tile>
          <Tile label={say("records")} value={number(read("pinecone_db_record_total") ?? 0)}>
            {say("disk", { size: bytes(read("pinecone_db_storage_size_bytes") ?? 0) })}
          </Tile>
          <Tile label={say("slow")} value={number(read("pinyon_slow_queries_total") ?? 0)}>
            {say("sinceStart")}
          </Tile>
        </>
      )}
    </section>
  );
}

function lasting(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, hours, days] = [Math.floor(whole / 60), Math.floor(whole / 3600), Math.floor(whole / 86_400)];
  if (days) return say("days", { days, hours: hours % 24 });
  return hours ? say("hours", { hours, minutes: minutes % 60 }) : say("minutes", { minutes, seconds: whole % 60 });
}
