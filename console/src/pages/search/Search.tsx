import { useRoute } from "preact-iso";
import { fetchIndex, fetchStats } from "../../api/indexes";
import { fetchModels } from "../../api/models";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { IndexPage } from "../index/IndexPage";
import { Playground } from "./Playground";
import "./search.css";

export function Search() {
  const { name = "" } = useRoute().params;
  const index = useCall((signal) => fetchIndex(name, signal), [name]);
  const stats = useCall((signal) => fetchStats(name, signal), [name]);
  const models = useCall((signal) => fetchModels(undefined, signal), []);
  const ready = index.answer?.name === name && !stats.waiting && !models.waiting;
  return (
    <IndexPage name={name} here="search">
      {index.error !== undefined && <Problem error={index.error} again={index.again} />}
      {index.error === undefined && stats.error !== undefined && <Problem error={stats.error} again={stats.again} />}
      {models.error !== undefined && <Problem error={models.error} again={models.again} />}
      {index.error === undefined && !ready && <Waiting />}
      {ready && index.answer && (
        <Playground key={name} index={index.answer} stats={stats.answer} models={models.answer ?? []} />
      )}
    </IndexPage>
  );
}
