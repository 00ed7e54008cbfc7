import { useMemo, useState } from "preact/hooks";
import { quantile } from "../../api/histogram";
import { bytes, moment, number, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Empty } from "../../ui/Empty";
import { TextField } from "../../ui/Field";
import { history } from "./history";
import { buckets, type Family, families, isDistribution, sums } from "./rates";
import { commonLabels, type Row, rowsOf } from "./rows";
import { Sparkline } from "./Sparkline";

const say = words({
  all: { en: "Every metric", ko: "모든 지표" },
  find: { en: "Find a metric", ko: "지표 찾기" },
  noneFound: { en: "No metric has such a name", ko: "그런 이름의 지표가 없습니다" },
  labels: { en: "Labels", ko: "레이블" },
  now: { en: "Now", ko: "현재" },
  total: { en: "Total", ko: "누계" },
  rate: { en: "A second", ko: "초당" },
  course: { en: "Course", ko: "추이" },
  whole: { en: "(one figure)", ko: "(단일 값)" },
  nothing: { en: "Nothing was counted yet.", ko: "아직 집계된 값이 없습니다." },
  since: { en: "counted since {when}", ko: "{when}부터 집계" },
  more: { en: { one: "{count} more", other: "{count} more" }, ko: "{count}개 더" },
  fewer: { en: "Fewer", ko: "접기" },
  counter: { en: "counter", ko: "카운터" },
  gauge: { en: "gauge", ko: "게이지" },
  histogram: { en: "histogram", ko: "히스토그램" },
});

const SHOWN = 5;

/** A panel for each family that the server has, whatever it is called. */
export function Panels() {
  const [{ metric = "" }, change] = useQuery();
  const all = history.value;
  const latest = all.at(-1);
  const found = useMemo(() => families(latest?.samples ?? []), [latest]);
  const shown = found.filter(({ name, help }) => `${name} ${help}`.toLowerCase().includes(metric.toLowerCase()));
  return (
    <section class="stack" aria-label={say("all")}>
      <div class="row spread">
        <h2>
          {say("all")} <span class="soft small">{number(found.length)}</span>
        </h2>
        <TextField label={say("find")} type="search" value={metric} onInput={(metric) => change({ metric })} />
      </div>
      {!shown.length && <Empty title={say("noneFound")} />}
      <div class="operate-panels">
        {shown.map((family) => (
          <Panel key={family.name} family={family} />
        ))}
      </div>
    </section>
  );
}

function Panel({ family }: { family: Family }) {
  const [open, setOpen] = useState(false);
  const counts = family.type === "counter" || family.type === "histogram";
  const rows = rowsOf(history.value, family);
  const counted = counts ? rows.filter(({ total }) => total !== 0) : rows;
  const shown = open ? rows : counted.slice(0, SHOWN);
  const type = family.type === "counter" || family.type === "gauge" || family.type === "histogram";
  const common = commonLabels(rows);
  return (
    <article class="panel operate-metric" data-metric={family.name}>
      <header class="row spread">
        <h3 class="mono data">{family.name}</h3>
        <span class="badge">{type ? say(family.type as "counter") : family.type}</span>
      </header>
      <p class="soft small data">
        {family.help}
        {family.since !== null && ` · ${say("since", { when: moment(family.since * 1000) })}`}
        {common.length > 0 && ` · ${common.map((name) => rows[0]?.labels[name]).join(", ")}`}
      </p>
      {!shown.length && <p class="soft small">{say("nothing")}</p>}
      {shown.length > 0 && (
        <table class="table small">
          <thead>
            <tr>
              <th>{say("labels")}</th>
              <th class="number">{counts ? say("total") : say("now")}</th>
              {counts && <th class="number">{say("rate")}</th>}
              <th>{say("course")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Line key={row.key} row={row} family={family} common={common} />
            ))}
          </tbody>
        </table>
      )}
      {isSpread(family) && <Spread family={family} />}
      {(open || rows.length > shown.length) && (
        <button type="button" class="button small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? say("fewer") : say("more", { count: rows.length - shown.length })}
        </button>
      )}
    </article>
  );
}

function Line({ row, family, common }: { row: Row; family: Family; common: readonly string[] }) {
  const counts = family.type === "counter" || family.type === "histogram";
  const told = Object.entries(row.labels).filter(([name]) => !common.includes(name));
  return (
    <tr>
      <td class="data" title={told.map(([name]) => name).join(", ")}>
        {told.length ? told.map(([, value]) => value || "–").join(" · ") : say("whole")}
      </td>
      <td class="number">{shownValue(family.name, row.total)}</td>
      {counts && <td class="number">{row.now === null ? "–" : shownValue(family.name, row.now)}</td>}
      <td>
        <Sparkline values={row.course} />
      </td>
    </tr>
  );
}

function isSpread(family: Family): boolean {
  return family.samples.some(isDistribution);
}

/** Percentiles of a distribution since the start, all labels together. */
function Spread({ family }: { family: Family }) {
  const of = buckets(family.name, family.samples);
  const count = [...sums(family.samples, `${family.name}_count`, "").values()].reduce((one, other) => one + other, 0);
  const total = [...sums(family.samples, `${family.name}_sum`, "").values()].reduce((one, other) => one + other, 0);
  if (!count) return null;
  const figures = [
    ["∅", total / count] as const,
    ...[0.5, 0.95, 0.99].map((one) => [`p${one * 100}`, quantile(one, of)?.value] as const),
  ];
  return (
    <p class="row small">
      {figures.map(([name, value]) => (
        <span key={name} class="badge">
          {name} {value === undefined ? "–" : `${number(value * 1000, 2)} ms`}
        </span>
      ))}
    </p>
  );
}

/** Bytes as bytes, moments as moments, the rest as numbers. */
function shownValue(name: string, value: number): string {
  if (/_bytes(_total)?$/.test(name)) return bytes(value);
  if (name.endsWith("_time_seconds")) return moment(value * 1000);
  return Number.isFinite(value) ? number(value, 3) : String(value);
}
