import { useMemo, useState } from "preact/hooks";
import type { Call } from "../../api/client";
import { to, withQuery } from "../../routes";
import { number, percent, words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { Chart } from "../../ui/Chart";
import { CheckField } from "../../ui/Field";
import { type Outcome, summary, type Task } from "./proving";
import { type Tile, Tiles } from "./Tiles";

const say = words({
  recall: { en: "Recall@{k}", ko: "재현율@{k}" },
  recall_about: { en: "95 % confidence: {low} – {high}", ko: "95% 신뢰 구간: {low} – {high}" },
  recall_all: {
    en: "nothing was missed; with 95 % confidence fewer than {share} of such queries miss anything",
    ko: "빠뜨린 것이 없음. 95% 신뢰도로 이런 질의 중 무언가 빠뜨리는 것은 {share} 미만",
  },
  whole: { en: "Found everything", ko: "모두 찾은 질의" },
  whole_of: { en: "{whole} of {count}", ko: "{count}개 중 {whole}개" },
  whole_about: { en: "queries whose answer is the exact one", ko: "정확 검색과 결과가 같은 질의" },
  time: { en: "Time of a query", ko: "질의 시간" },
  time_about: { en: "in the median on the server; exact: {exact} ms", ko: "서버에서 잰 중앙값. 정확 검색: {exact} ms" },
  ratio: { en: "Speed", ko: "속도" },
  faster: { en: "as fast as an exact search", ko: "정확 검색 대비" },
  exactly: {
    en: "{count} of them were answered exactly even though they did not ask for it: there, exact costs no more.",
    ko: "그중 {count}개는 요청하지 않아도 정확 검색으로 처리했습니다. 그쪽이 더 싸기 때문입니다.",
  },
  chart: { en: "Queries by how many of {k} they found", ko: "찾은 개수({k}개 기준)별 질의 수" },
  found: { en: "found", ko: "찾은 개수" },
  queries: { en: "queries", ko: "질의" },
  only: { en: "Only queries that missed something", ko: "빠뜨린 것이 있는 질의만" },
  query: { en: "Query", ko: "질의" },
  overlap: { en: "Found", ko: "찾음" },
  approximate: { en: "Approximate, ms", ko: "근사(ms)" },
  exact: { en: "Exact, ms", ko: "정확(ms)" },
  way: { en: "How", ko: "방식" },
  missed: { en: "Missed", ko: "빠뜨린 레코드" },
  none: { en: "No query missed anything.", ko: "빠뜨린 질의가 없습니다." },
  table: { en: "Queries of the proof", ko: "증명에 쓴 질의" },
  search: { en: "Search as {name}", ko: "{name}(으)로 검색" },
});

interface Props {
  readonly outcomes: readonly Outcome[];
  readonly task: Task;
  readonly done: boolean;
  readonly call: Call;
}

export function Outcomes({ outcomes, task, done, call }: Props) {
  const found = useMemo(() => summary(outcomes), [outcomes]);
  const { recall, count, whole } = found;
  const share = (value: number) => percent(value, 2);
  const tiles: readonly Tile[] = [
    {
      name: say("recall", { k: task.topK }),
      value: share(recall.mean),
      about:
        whole === count
          ? say("recall_all", { share: percent(found.mayFail, 1) })
          : say("recall_about", { low: share(recall.low), high: share(recall.high) }),
    },
    { name: say("whole"), value: say("whole_of", { whole, count }), about: say("whole_about") },
    {
      name: say("time"),
      value: `${number(found.approximate, 3)} ms`,
      about: say("time_about", { exact: number(found.exact, 3) }),
    },
    { name: say("ratio"), value: `${number(found.ratio, 2)}×`, about: say("faster") },
  ];
  return (
    <div class="stack">
      <div aria-live={done ? "polite" : "off"}>
        <Tiles tiles={tiles} />
      </div>
      {found.exactly > 0 && <p class="soft small">{say("exactly", { count: found.exactly })}</p>}
      {done && <FoundChart outcomes={outcomes} k={task.topK} />}
      <OutcomeTable outcomes={outcomes} task={task} />
      <AsCode call={call} />
    </div>
  );
}

function FoundChart({ outcomes, k }: { outcomes: readonly Outcome[]; k: number }) {
  const [at, names, values] = useMemo(() => {
    const counts = outcomes.map(({ recall, exact }) => Math.round(recall * exact.matches.length));
    const most = Math.max(...outcomes.map(({ exact }) => exact.matches.length));
    const least = Math.max(Math.min(...counts, most - 4), 0, most - 20);
    const places = Array.from({ length: most - least + 1 }, (_, place) => least + place);
    const lower = counts.filter((value) => value < least).length;
    return [
      places.map((_, place) => place),
      places.map((place) => (place === least && lower ? `≤ ${place}` : String(place))),
      places.map((place) => counts.filter((value) => Math.max(value, least) === place).length),
    ] as const;
  }, [outcomes]);
  const series = useMemo(() => [{ label: say("queries"), values }], [values]);
  return (
    <Chart
      title={say("chart", { k })}
      at={at}
      series={series}
      shape="bars"
      height={200}
      x={{ label: say("found"), names }}
      y={{ label: say("queries"), least: 0 }}
    />
  );
}

function OutcomeTable({ outcomes, task }: { outcomes: readonly Outcome[]; task: Task }) {
  const [only, setOnly] = useState(false);
  const shown = only ? outcomes.filter(({ recall }) => recall < 1) : outcomes;
  return (
    <div class="stack tight">
      <CheckField label={say("only")} checked={only} onInput={setOnly} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="tall" tabIndex={0} role="region" aria-label={say("table")}>
        <table class="table">
          <thead>
            <tr>
              <th>{say("query")}</th>
              <th class="number">{say("overlap")}</th>
              <th class="number">{say("approximate")}</th>
              <th class="number">{say("exact")}</th>
              <th>{say("way")}</th>
              <th>{say("missed")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((outcome) => (
              <OutcomeRow key={outcome.question.name} outcome={outcome} task={task} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="soft">{say("none")}</p>}
      </div>
    </div>
  );
}

function OutcomeRow({ outcome, task }: { outcome: Outcome; task: Task }) {
  const { question, recall, missed, approximate, exact } = outcome;
  const all = exact.matches.length;
  return (
    <tr>
      <td class="data name">{question.by.id ? <SearchLink id={question.by.id} task={task} /> : question.name}</td>
      <td class="number">
        <span class={recall < 1 ? "badge warn" : ""}>
          {Math.round(recall * all)} / {all}
        </span>
      </td>
      <td class="number">{number(approximate.milliseconds, 3)}</td>
      <td class="number">{number(exact.milliseconds, 3)}</td>
      <td>{approximate.plan?.kind ?? "–"}</td>
      <td class="data missed">
        {missed.map((id, place) => (
          <span key={id}>
            {place > 0 && ", "}
            <SearchLink id={id} task={task} />
          </span>
        ))}
      </td>
    </tr>
  );
}

function SearchLink({ id, task }: { id: string; task: Task }) {
  // Side by side: as usual, and exactly.
  const address = withQuery(to.search(task.index), {
    by: "id",
    id,
    namespace: task.namespace,
    k: String(task.topK),
    filter: task.filter && JSON.stringify(task.filter),
    compare: "1",
    "b.exact": "1",
  });
  return (
    <a href={address} title={say("search", { name: id })}>
      {id}
    </a>
  );
}
