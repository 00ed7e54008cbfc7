import { useRoute } from "preact-iso";
import { send } from "../../api/client";
import { fetchIndex, namespaceNames } from "../../api/indexes";
import { type Ids, listIds } from "../../api/records";
import { fetchHits, query as searchFor } from "../../api/search";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { SelectField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { SlowQueries } from "../../ui/SlowQueries";
import { useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { Waiting } from "../../ui/Waiting";
import { IndexPage } from "../index/IndexPage";
import { Latency } from "./Latency";
import { Meter } from "./Meter";
import { Problems } from "./Problems";
import { Prove } from "./Prove";
import { problems } from "./problems";
import { Selectivity } from "./Selectivity";
import { useMeter } from "./useMeter";
import "./proof.css";

const say = words({
  namespace: { en: "Namespace", ko: "네임스페이스" },
  usual: { en: "(default)", ko: "(기본)" },
  slow: { en: "Slow queries of this index", ko: "이 인덱스의 느린 질의" },
  slow_about: {
    en: "Queries beyond the server's setting “slow_query_ms”, newest first, with how they were answered and what would help.",
    ko: "서버 설정 “slow_query_ms”를 넘긴 질의입니다. 최신순이며, 처리 방식과 도움이 될 조치를 함께 보여 줍니다.",
  },
});

export function Proof() {
  const { name = "" } = useRoute().params;
  const [query, change] = useQuery();
  const namespace = query.namespace ?? "";
  const index = useCall((signal) => fetchIndex(name, signal), [name]);
  // One query first: a namespace that is not in memory has no meter, and its plan tells what memory keeps it from.
  const plan = useCall((signal) => probe(name, namespace, signal), [name, namespace]);
  const meter = useMeter(name, namespace);
  const names = meter.stats ? namespaceNames(meter.stats) : [namespace];
  const found = problems({
    readings: meter.readings,
    plan: plan.answer,
    ready: index.answer?.status.ready ?? true,
    kind: index.answer?.tags?.["pinyon-index"],
  });

  const unfinished = found.includes("building") || found.includes("codeless");
  useRepeat(unfinished, 10, plan.again);

  return (
    <IndexPage
      name={name}
      here="proof"
      actions={
        names.length > 1 && (
          <SelectField
            label={say("namespace")}
            value={namespace}
            options={[...new Set([...names, namespace])].map((one) => [one, one || say("usual")])}
            onInput={(namespace) => change({ namespace })}
          />
        )
      }
    >
      {index.error !== undefined && <Problem error={index.error} again={index.again} />}
      {!index.answer && index.waiting && <Waiting />}
      {index.answer && (
        <div class="proof stack" key={`${name} ${namespace}`}>
          <Problems found={found} last={meter.readings.at(-1)} plan={plan.answer} />
          <Meter meter={meter} plan={plan.answer} />
          <Prove index={index.answer} namespace={namespace} />
          <Selectivity index={name} namespace={namespace} />
          <Latency />
          <Section title={say("slow")} about={say("slow_about")}>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
            <div class="tall" tabIndex={0} role="region" aria-label={say("slow")}>
              <SlowQueries index={name} />
            </div>
          </Section>
        </div>
      )}
    </IndexPage>
  );
}

/** How the index searches now; undefined where it has no record to ask for. */
async function probe(index: string, namespace: string, signal: AbortSignal) {
  const id = (await send<Ids>(listIds({ index, namespace }, ""), signal)).vectors[0]?.id;
  return id === undefined
    ? undefined
    : (await fetchHits(searchFor(index, { namespace, topK: 10, id, explain: true }), signal)).plan;
}
