import { useMemo, useState } from "preact/hooks";
import { language, moment, number, words } from "../../state/language";
import { columnsOf, numeric, sorted } from "./columns";
import { Plots } from "./Plots";
import type { Cell, Results, Row } from "./read";
import { columnName } from "./words";

const say = words({
  growth: { en: "Exact search as the number of rows grows", ko: "데이터 수에 따른 정확 검색" },
  hnsw: { en: "HNSW: a graph of neighbours", ko: "HNSW: 이웃 그래프" },
  ivf: { en: "IVF: clusters", ko: "IVF: 군집" },
  filter: { en: "Filtered search against selectivity", ko: "선택도에 따른 필터 검색" },
  quantise: { en: "Codes in place of float32", ko: "양자화: float32를 대신하는 코드" },
  tune: { en: "The cheapest index that keeps a contract", ko: "조건을 지키는 가장 저렴한 인덱스" },
  close: { en: "Close {file}", ko: "{file} 닫기" },
  shows: { en: "What the figures show", ko: "측정값이 보여 주는 것" },
  silent: {
    en: "This file holds no sentences: it is of an older release. “pinyon study --again FILE” writes one that does.",
    ko: "이전 버전의 파일이라 설명 문장이 없습니다. “pinyon study --again 파일”로 다시 만들 수 있습니다.",
  },
  unfinished: {
    en: "Not finished: more rows will follow.",
    ko: "아직 끝나지 않은 실험이라 행이 더 늘어날 수 있습니다.",
  },
  figures: { en: "Figures", ko: "측정값" },
  settings: { en: "Settings", ko: "설정" },
  machine: { en: "Machine", ko: "컴퓨터" },
  sort: { en: "Sort by {column}", ko: "{column} 기준으로 정렬" },
  chosen: { en: "chosen", ko: "선택" },
  front: { en: "best trade-off", ko: "최선의 절충점" },
  failed: { en: "not measured: {error}", ko: "측정하지 못함: {error}" },
  empty: { en: "Nothing is measured yet.", ko: "아직 측정한 것이 없습니다." },
});

const TITLES = ["growth", "hnsw", "ivf", "filter", "quantise", "tune"] as const;

export function StudyPanel({ results, onClose }: { results: Results; onClose: () => void }) {
  const { file, study, started, complete, findings } = results;
  const title = TITLES.find((one) => one === study);
  const all = useMemo(() => [results], [results]);
  const sentences = findings[language.value] ?? [];
  return (
    <section class="panel stack study">
      <div class="row spread">
        <div class="grow">
          <h2 class="data">{title ? say(title) : study}</h2>
          <p class="soft small data">
            {file} · {started && moment(started)}
          </p>
        </div>
        <button type="button" class="button quiet small" aria-label={say("close", { file })} onClick={onClose}>
          ✕
        </button>
      </div>
      {!complete && <p class="notice warn">{say("unfinished")}</p>}
      {sentences.length > 0 ? (
        <div class="stack tight">
          <h3>{say("shows")}</h3>
          <ul class="study-says">
            {sentences.map((text) => (
              <li key={text} class="data">
                {text}
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p class="soft small">{say("silent")}</p>
      )}
      <Plots all={all} />
      <h3>{say("figures")}</h3>
      <Figures results={results} />
      <Facts title={say("settings")} facts={results.settings} />
      <Facts title={say("machine")} facts={results.machine} />
    </section>
  );
}

function Figures({ results }: { results: Results }) {
  const [{ column, down }, setOrder] = useState({ column: "", down: false });
  const columns = useMemo(() => columnsOf(results.rows), [results]);
  const numbers = useMemo(() => new Set(numeric(results.rows)), [results]);
  const rows = useMemo(() => sorted(results.rows, column, down), [results, column, down]);
  if (rows.length === 0) return <p class="soft">{say("empty")}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="scroll study-rows" tabIndex={0} role="region" aria-label={say("figures")}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((name) => (
              <th
                key={name}
                class={numbers.has(name) ? "number" : ""}
                {...(name === column ? { "aria-sort": down ? ("descending" as const) : ("ascending" as const) } : {})}
              >
                <button
                  type="button"
                  title={say("sort", { column: columnName(name, results.k) })}
                  onClick={() => setOrder({ column: name, down: name === column && !down })}
                >
                  <span class="data">{columnName(name, results.k)}</span>
                  <span aria-hidden="true">{name === column ? (down ? " ↓" : " ↑") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <Line key={`${row.label} ${place}`} row={row} columns={columns} numbers={numbers} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ row, columns, numbers }: { row: Row; columns: readonly string[]; numbers: ReadonlySet<string> }) {
  return (
    <tr class={row.mark === "chosen" ? "chosen" : ""}>
      {columns.map((name, place) => (
        <td key={name} class={numbers.has(name) ? "number" : "data"}>
          {written(row.cells.get(name) ?? null, name)}
          {place === 0 && row.mark && (
            <>
              {" "}
              <span class={row.mark === "chosen" ? "badge good" : "badge"}>{say(row.mark)}</span>
            </>
          )}
          {place === 0 && row.error && <p class="small data">{say("failed", { error: row.error })}</p>}
        </td>
      ))}
    </tr>
  );
}

function written(cell: Cell, column: string): string {
  if (cell === null) return "–";
  if (typeof cell === "string") return cell;
  return number(cell, column.startsWith("recall") ? 4 : Math.abs(cell) < 1 ? 4 : 3);
}

function Facts({ title, facts }: { title: string; facts: Results["settings"] }) {
  if (facts.length === 0) return null;
  return (
    <details>
      <summary>{title}</summary>
      <dl class="facts small study-facts">
        {facts.flatMap(([name, value]) => [
          <dt key={`${name} name`} class="data">
            {name}
          </dt>,
          <dd key={name} class="data">
            {value}
          </dd>,
        ])}
      </dl>
    </details>
  );
}
