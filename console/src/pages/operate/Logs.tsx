import { useEffect, useRef } from "preact/hooks";
import { fetchLogs, readLogs } from "../../api/server";
import { number, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { AsCode } from "../../ui/AsCode";
import { Empty } from "../../ui/Empty";
import { CheckField, SelectField, TextField } from "../../ui/Field";
import { Marked } from "../../ui/Marked";
import { useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { Waiting } from "../../ui/Waiting";
import { Trouble } from "./Trouble";

const say = words({
  level: { en: "Level", ko: "수준" },
  all: { en: "All", ko: "모두" },
  find: { en: "Find in the lines", ko: "로그에서 찾기" },
  follow: { en: "Follow", ko: "계속 보기" },
  lines: { en: { one: "{count} line", other: "{count} lines" }, ko: "{count}줄" },
  some: { en: "{shown} of {count} lines", ko: "{count}줄 중 {shown}줄" },
  none: { en: "Nothing was logged yet", ko: "아직 로그가 없습니다" },
  noneFound: { en: "No line matches", ko: "일치하는 줄이 없습니다" },
  begin: {
    en: "Warnings, slow queries and refused requests appear here; “--set access_log=all” logs every request.",
    ko: "경고, 느린 질의, 거절된 요청이 여기에 표시됩니다. “--set access_log=all”로 시작하면 모든 요청을 기록합니다.",
  },
  log: { en: "Log", ko: "로그" },
  worker: {
    en: "The last lines of the worker process that answers, kept in its memory.",
    ko: "응답한 작업 프로세스가 메모리에 보관하는 최근 로그입니다.",
  },
});

const LIMIT = 500;
const LEVELS = ["debug", "info", "warning", "error"] as const;
const TONES: Readonly<Record<string, string>> = { warning: "warn", error: "bad", critical: "bad" };

export function Logs() {
  const [{ level = "", find = "", follow = "yes" }, change] = useQuery();
  const lines = useCall((signal) => fetchLogs(LIMIT, level, signal), [level]);
  const follows = follow === "yes";
  useRepeat(follows && lines.error === undefined && !lines.waiting, 2, lines.again);
  const all = lines.answer ?? [];
  const wanted = find.toLowerCase();
  const shown = all.filter((line) => `${line.logger} ${line.message}`.toLowerCase().includes(wanted));

  const list = useRef<HTMLOListElement>(null);
  const last = shown.at(-1);
  useEffect(() => {
    if (follows && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [last?.time, shown.length, follows]);

  return (
    <section class="stack">
      <div class="operate-filters">
        <SelectField
          label={say("level")}
          value={level}
          options={[["", say("all")], ...LEVELS.map((one) => [one, one] as const)]}
          onInput={(level) => change({ level })}
        />
        <div class="grow">
          <TextField label={say("find")} type="search" value={find} onInput={(find) => change({ find })} />
        </div>
        <CheckField label={say("follow")} checked={follows} onInput={(on) => change({ follow: on ? "yes" : "no" })} />
      </div>
      {lines.error !== undefined && <Trouble error={lines.error} again={lines.again} />}
      {!lines.answer && lines.waiting && <Waiting />}
      {lines.answer && !all.length && (
        <Empty title={say("none")}>
          <p>{say("begin")}</p>
        </Empty>
      )}
      {all.length > 0 && !shown.length && <Empty title={say("noneFound")} />}
      {shown.length > 0 && (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <ol ref={list} class="operate-log panel" tabIndex={0} aria-label={say("log")}>
            {shown.map((line, at) => (
              <li key={`${line.time} ${at}`}>
                <time class="soft" dateTime={line.time}>
                  {line.time.slice(11, 23)}
                </time>
                <span class={`badge ${TONES[line.level] ?? ""}`}>{line.level}</span>
                <span class="data">
                  <span class="soft">
                    <Marked text={line.logger} find={find} />
                  </span>{" "}
                  <Marked text={line.message} find={find} />
                </span>
              </li>
            ))}
          </ol>
          <p class="soft small row spread">
            <span aria-live="off">
              {find
                ? say("some", { shown: number(shown.length), count: all.length })
                : say("lines", { count: all.length })}
              {" · "}
              {say("worker")}
            </span>
          </p>
        </>
      )}
      <AsCode call={readLogs(LIMIT, level)} />
    </section>
  );
}
