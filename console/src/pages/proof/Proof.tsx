import { useEffect } from "preact/hooks";
import { useRoute } from "preact-iso";
import { fetchIndex, namespaceNames } from "../../api/indexes";
import { fetchIdPage, search } from "../../api/proof";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { SelectField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { IndexPage } from "../index/IndexPage";
import { Latency } from "./Latency";
import { Meter } from "./Meter";
import { Problems } from "./Problems";
import { Prove } from "./Prove";
import { problems } from "./problems";
import { Selectivity } from "./Selectivity";
import { SlowQueries } from "./SlowQueries";
import { useMeter } from "./useMeter";
import "./proof.css";

const say = words({
  namespace: { en: "Namespace", ko: "네임스페이스" },
  usual: { en: "(default)", ko: "(기본)" },
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
  const { again } = plan;
  useEffect(() => {
    const timer = unfinished ? setInterval(() => document.hidden || again(), 10_000) : undefined;
    return () => clearInterval(timer);
  }, [unfinished, again]);

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
          <SlowQueries index={name} />
        </div>
      )}
    </IndexPage>
  );
}

/** How the index searches now; undefined where it has no record to ask for. */
async function probe(index: string, namespace: string, signal: AbortSignal) {
  const id = (await fetchIdPage(index, namespace, undefined, signal)).vectors[0]?.id;
  return id === undefined ? undefined : (await search(index, { namespace, topK: 10, id }, signal)).plan;
}
