import { useState } from "preact/hooks";
import type { Index } from "../../api/indexes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { SelectField, TextArea, TextField } from "../../ui/Field";
import { checkFilter } from "../../ui/filter/check";
import { FilterBuilder } from "../../ui/filter/FilterBuilder";
import { Section } from "../../ui/Section";
import { Going } from "./Going";
import { Outcomes } from "./Outcomes";
import { ask, callOf, type Outcome, type Task } from "./proving";
import { type Drawn, drawMixtures, drawRecords, MOST, pasted, type Question, type Wrong } from "./questions";
import { useRun } from "./useRun";

const say = words({
  title: { en: "Prove it now", ko: "지금 증명하기" },
  about: {
    en: "Each query is asked twice, as your program asks it and exactly; their answers are compared.",
    ko: "질의마다 평소 방식과 정확 검색으로 두 번 실행해 두 결과를 비교합니다.",
  },
  source: { en: "Queries", ko: "질의" },
  records: {
    en: "Records of the index, each left out of its own answer",
    ko: "인덱스의 레코드(자기 자신은 결과에서 제외)",
  },
  mixtures: { en: "Points half-way between two records", ko: "두 레코드의 중간 지점" },
  pasted: { en: "My own ids or vectors", ko: "직접 입력한 ID나 벡터" },
  count: { en: "How many", ko: "질의 수" },
  count_wrong: { en: "20 to 200", ko: "20~200" },
  k: { en: "Results (k)", ko: "결과 수(k)" },
  k_wrong: { en: "1 to 1000", ko: "1~1000" },
  filter: { en: "Only among records that match a filter", ko: "필터에 맞는 레코드에서만" },
  prove: { en: "Prove it", ko: "증명하기" },
  own: { en: "An id or a vector a line", ko: "한 줄에 ID나 벡터 하나" },
  own_hint: {
    en: "Vectors as [0.1, 0.2, …]; at most 200 queries. Nothing but this index gets to see them.",
    ko: "벡터는 [0.1, 0.2, …] 형식. 최대 200개이며 이 인덱스로만 보냅니다.",
  },
  wrong_none: { en: "Enter an id or a vector.", ko: "ID나 벡터를 입력하세요." },
  wrong_json: {
    en: "Line {line} is not JSON: a vector is written [0.1, 0.2].",
    ko: "{line}번째 줄이 JSON이 아닙니다. 벡터는 [0.1, 0.2]처럼 씁니다.",
  },
  wrong_numbers: {
    en: "Line {line} holds something that is no number.",
    ko: "{line}번째 줄에 숫자가 아닌 값이 있습니다.",
  },
  wrong_length: {
    en: "The vector of line {line} has {found} numbers, and the index {wanted}.",
    ko: "{line}번째 줄의 벡터는 숫자가 {found}개인데 인덱스는 {wanted}차원입니다.",
  },
  wrong_many: { en: "{found} queries: 200 are the most.", ko: "질의가 {found}개입니다. 최대 200개입니다." },
  missing: {
    en: "There is no record here to make a query of.",
    ko: "질의로 쓸 레코드가 없습니다.",
  },
  from: {
    en: "Drawn from the first {from} ids; there are more.",
    ko: "앞에서부터 ID {from}개 가운데 골랐습니다(전체는 더 많습니다).",
  },
});

const SOURCES = ["records", "mixtures", "pasted"] as const;

interface Props {
  readonly index: Index;
  readonly namespace: string;
}

export function Prove({ index, namespace }: Props) {
  const [query, change] = useQuery();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<Wrong>();
  // What was asked, whatever the form says by now.
  const [drawn, setDrawn] = useState<Drawn & { readonly task: Task }>();
  const run = useRun<Outcome>();
  const sparse = index.vector_type === "sparse";
  const sources = SOURCES.filter((one) => !(sparse && one === "mixtures"));
  const source = sources.find((one) => one === query.ask) ?? "records";
  const [count, k] = [Number(query.n ?? 50), Number(query.k ?? 10)];
  const countIsWrong = source !== "pasted" && !(Number.isInteger(count) && count >= 20 && count <= MOST);
  const kIsWrong = !(Number.isInteger(k) && k >= 1 && k <= 1000);
  const { filter } = checkFilter(query.filter ?? "");
  const task: Task = { index: index.name, namespace, topK: k, filter };

  const prove = (event?: Event) => {
    event?.preventDefault();
    if (countIsWrong || kIsWrong) return;
    const own = source === "pasted" ? pasted(text, index.dimension) : undefined;
    const refused = own && "problem" in own ? own : undefined;
    setWrong(refused);
    if (refused) return;
    const seed = Math.floor(Math.random() * 2 ** 31);
    run.start(async ({ signal, expect, add }) => {
      const draw = source === "mixtures" ? drawMixtures : drawRecords;
      const found: Drawn =
        own && !("problem" in own)
          ? { questions: own, from: own.length, all: true }
          : await draw(task, count, seed, signal);
      setDrawn({ ...found, task });
      expect(found.questions.length);
      for (const [turn, question] of found.questions.entries()) add(await ask(task, question, turn, signal));
    });
  };

  const example: Question = { name: "", by: { id: "ID" }, own: "ID" };
  return (
    <Section title={say("title")} about={say("about")}>
      <form class="proof-form" onSubmit={prove}>
        <SelectField
          label={say("source")}
          value={source}
          options={sources.map((one) => [one, say(one)])}
          onInput={(ask) => change({ ask })}
        />
        <TextField
          label={say("count")}
          type="number"
          min={20}
          max={MOST}
          value={query.n ?? "50"}
          disabled={source === "pasted"}
          wrong={countIsWrong ? say("count_wrong") : undefined}
          onInput={(n) => change({ n })}
        />
        <TextField
          label={say("k")}
          type="number"
          min={1}
          max={1000}
          value={query.k ?? "10"}
          wrong={kIsWrong ? say("k_wrong") : undefined}
          onInput={(k) => change({ k })}
        />
        <div class="row">
          <button type="submit" class="button primary" disabled={run.running || countIsWrong || kIsWrong}>
            {say("prove")}
          </button>
        </div>
        {source === "pasted" && (
          <div class="wide">
            <TextArea
              label={say("own")}
              hint={say("own_hint")}
              wrong={wrong && told(wrong)}
              mono
              rows={5}
              spellcheck={false}
              value={text}
              onInput={setText}
            />
          </div>
        )}
      </form>
      <details open={Boolean(filter)}>
        <summary class="soft small">{say("filter")}</summary>
        <FilterBuilder
          index={index.name}
          namespace={namespace}
          value={filter}
          onChange={(chosen) => change({ filter: chosen && JSON.stringify(chosen) })}
        />
      </details>
      <Going progress={run} onCancel={run.cancel} again={prove} />
      {drawn?.questions.length === 0 && !run.running && <p class="notice">{say("missing")}</p>}
      {drawn && !drawn.all && run.items.length > 0 && <p class="soft small">{say("from", { from: drawn.from })}</p>}
      {drawn && run.items.length > 0 && (
        <Outcomes
          outcomes={run.items}
          task={drawn.task}
          done={!run.running}
          call={callOf(drawn.task, run.items[0]?.question ?? example, true)}
        />
      )}
    </Section>
  );
}

function told(wrong: Wrong): string {
  const { problem, ...values } = wrong;
  return say(`wrong_${problem}`, values);
}
