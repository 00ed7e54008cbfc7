import { useMemo, useState } from "preact/hooks";
import { number, percent, words } from "../../../state/language";
import { Chart } from "../../../ui/Chart";
import { Slider } from "../Slider";
import type { Text } from "../vectors";
import { build, exact, hits, type Likeness, shuffled, walk } from "./graph";
import { plane } from "./plane";
import { Walked } from "./Walked";

const say = words({
  what: {
    en: "On large indexes, a graph of neighbours saves comparing everything: a search walks from a fixed start to ever nearer records, and remembers the ef best so far. Your server does without a graph for 200 texts, so your browser builds one of their real vectors, and you can watch it miss.",
    ko: "큰 인덱스에서는 이웃 그래프를 써서 모두 비교하지 않습니다. 검색은 정해진 출발점에서 점점 가까운 레코드로 옮겨 가며, 지금까지 가장 좋은 ef개를 기억합니다. 글 200개에는 서버가 그래프를 쓰지 않으므로, 브라우저가 실제 벡터로 그래프를 만들어 보여 줍니다. 놓치는 모습을 지켜보세요.",
  },
  ef: { en: "ef_search, how many it remembers", ko: "ef_search(기억하는 개수)" },
  degree: { en: "m, links of each record", ko: "m(레코드마다 잇는 이웃 수)" },
  query: { en: "Look for the neighbours of", ko: "이웃을 찾을 글" },
  other: { en: "Another text", ko: "다른 글로" },
  told: {
    en: "It compared {scored} of {rows} texts ({share}) and found {found} of the {k} nearest.",
    ko: "글 {rows}개 중 {scored}개({share})를 비교해서 가장 가까운 {k}개 중 {found}개를 찾았습니다.",
  },
  curve: {
    en: "All texts as queries: recall and work against ef",
    ko: "모든 글을 질의로 했을 때 ef에 따른 재현율과 작업량",
  },
  recall: { en: "recall of the first {k}", ko: "상위 {k}개 재현율" },
  work: { en: "share compared", ko: "비교한 비율" },
  share: { en: "share", ko: "비율" },
  lesson: {
    en: "A larger ef finds more and compares more; below k it cannot even hold k results. On the server, ef_search is chosen for the recall that the index promises, and measured on live queries: you rarely set it.",
    ko: "ef가 크면 더 많이 찾고 더 많이 비교합니다. k보다 작으면 결과 k개를 담을 수도 없습니다. 서버는 인덱스가 약속한 재현율에 맞춰 ef_search를 고르고 실제 질의로 측정하므로, 직접 정할 일은 드뭅니다.",
  },
});

const K = 5;
const EFS = [1, 2, 3, 5, 8, 12, 18, 26, 40, 60];

export function EfLesson({ texts }: { texts: readonly Text[] }) {
  const [ef, setEf] = useState(4);
  const [degree, setDegree] = useState(3);
  const [query, setQuery] = useState(0);
  const points = useMemo(() => plane(texts.map(({ vector }) => vector)), [texts]);
  const like = useMemo(() => likeness(texts), [texts]);
  const graph = useMemo(() => build(shuffled(texts.length), like, degree), [texts, like, degree]);
  const curve = useMemo(() => measured(texts.length, graph, like), [texts, graph, like]);
  const truth = useMemo(() => exact(texts.length, query, like, K), [texts, query, like]);
  const walked = walk(graph, query, like, ef);
  const found = hits(walked, truth, query);
  const series = useMemo(
    () => [
      { label: say("recall", { k: K }), values: curve.recall },
      { label: say("work"), values: curve.work, dashed: true },
    ],
    [curve],
  );
  return (
    <>
      <p>{say("what")}</p>
      <p class="row">
        <span>
          {say("query")}: <strong class="data">{texts[query]?.text}</strong>
        </span>
        <button type="button" class="button small" onClick={() => setQuery((query + 37) % texts.length)}>
          {say("other")}
        </button>
      </p>
      <div class="tour-fields">
        <Slider label={say("ef")} value={ef} min={1} max={60} written={number(ef)} onInput={setEf} />
        <Slider label={say("degree")} value={degree} min={1} max={8} written={number(degree)} onInput={setDegree} />
      </div>
      <div class="tour-walk">
        <Walked texts={texts} points={points} graph={graph} walked={walked} query={query} truth={truth} found={found} />
        <div class="stack">
          <p aria-live="polite">
            <strong>
              {say("told", {
                scored: walked.scored.length,
                rows: texts.length,
                share: percent(walked.scored.length / texts.length, 0),
                found: found.length,
                k: K,
              })}
            </strong>
          </p>
          <Chart
            title={say("curve")}
            at={EFS}
            x={{ label: "ef_search" }}
            y={{ label: say("share"), least: 0, most: 1.02 }}
            series={series}
            height={210}
          />
        </div>
      </div>
      <p class="notice">{say("lesson")}</p>
    </>
  );
}

function likeness(texts: readonly Text[]): Likeness {
  const rows = texts.length;
  const table = new Float32Array(rows * rows);
  texts.forEach(({ vector }, one) => {
    for (let other = one; other < rows; other += 1) {
      const against = texts[other]?.vector;
      let sum = 0;
      for (let at = 0; at < vector.length; at += 1) sum += (vector[at] ?? 0) * (against?.[at] ?? 0);
      table[one * rows + other] = sum;
      table[other * rows + one] = sum;
    }
  });
  return (one, other) => table[one * rows + other] ?? 0;
}

/** Over all rows as queries: the mean recall, and the mean share of rows that was compared. */
function measured(rows: number, graph: Parameters<typeof walk>[0], like: Likeness) {
  const queries = Array.from({ length: rows }, (_one, row) => row);
  const truths = queries.map((query) => exact(rows, query, like, K));
  const recall: number[] = [];
  const work: number[] = [];
  for (const ef of EFS) {
    let [found, scored] = [0, 0];
    for (const query of queries) {
      const walked = walk(graph, query, like, ef);
      found += hits(walked, truths[query] ?? [], query).length;
      scored += walked.scored.length;
    }
    recall.push(found / (K * rows));
    work.push(scored / (rows * rows));
  }
  return { recall, work };
}
