import { useMemo, useState } from "preact/hooks";
import { words } from "../../state/language";
import { Chart } from "../../ui/Chart";
import { CheckField, SelectField } from "../../ui/Field";
import { type Choice, drawn, numeric, usual } from "./columns";
import type { Results } from "./read";
import { columnName } from "./words";

/** Recall ends at 1; with room for a mark there. */
const FULL = 1.002;

const say = words({
  title: { en: "{y} by {x}", ko: "{x}에 따른 {y}" },
  across: { en: "Across", ko: "가로축" },
  up: { en: "Up", ko: "세로축" },
  log: { en: "log", ko: "로그" },
  choose: { en: "Axes", ko: "축 고르기" },
  front: { en: "best trade-offs", ko: "최선의 절충점" },
  chosen: { en: "chosen", ko: "선택" },
  nothing: { en: "There are no figures to draw yet.", ko: "아직 그릴 측정값이 없습니다." },
});

/** Two charts of the rows of one file or several, whose axes can be chosen among the columns. */
export function Plots({ all }: { all: readonly Results[] }) {
  const columns = useMemo(() => numeric(all.flatMap(({ rows }) => rows.filter(({ error }) => !error))), [all]);
  const studies = [...new Set(all.map(({ study }) => study))];
  const [one, other] = usual(studies.length === 1 ? (studies[0] ?? "") : "");
  if (columns.length < 2) return <p class="soft">{say("nothing")}</p>;
  return (
    <div class="studies-plots">
      <Plot all={all} columns={columns} first={one} />
      <Plot all={all} columns={columns} first={other} />
    </div>
  );
}

function Plot({ all, columns, first }: { all: readonly Results[]; columns: readonly string[]; first: Choice }) {
  const [chosen, setChosen] = useState(first);
  const x = columns.includes(chosen.x) ? chosen.x : (columns[0] ?? "");
  const y = columns.includes(chosen.y) ? chosen.y : (columns.at(-1) ?? "");
  const { logX, logY } = chosen;
  const k = all[0]?.k ?? 10;
  const name = (column: string) => columnName(column, k);
  const [front, best] = [say("front"), say("chosen")];
  const { at, series } = useMemo(() => {
    const lines = all.every(({ study }) => study !== "quantise" && study !== "tune");
    return drawn(all, x, y, { lines, logX, names: { front, chosen: best } });
  }, [all, x, y, logX, front, best]);
  const choices = columns.map((column): [string, string] => [column, name(column)]);
  return (
    <div class="stack tight">
      <Chart
        title={say("title", { x: name(x), y: name(y) })}
        at={at}
        series={series}
        x={{ label: name(x), log: logX }}
        y={{ label: name(y), log: logY, ...(y.startsWith("recall") && !logY ? { most: FULL } : {}) }}
        height={300}
      />
      <fieldset class="studies-axes">
        <legend class="hidden-visually">{say("choose")}</legend>
        <SelectField label={say("across")} value={x} options={choices} onInput={(x) => setChosen({ ...chosen, x })} />
        <CheckField label={say("log")} checked={logX} onInput={(logX) => setChosen({ ...chosen, logX })} />
        <SelectField label={say("up")} value={y} options={choices} onInput={(y) => setChosen({ ...chosen, y })} />
        <CheckField label={say("log")} checked={logY} onInput={(logY) => setChosen({ ...chosen, logY })} />
      </fieldset>
    </div>
  );
}
