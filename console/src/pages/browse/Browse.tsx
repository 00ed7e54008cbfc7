import { useRoute } from "preact-iso";
import { ApiError } from "../../api/client";
import { fetchIndex, fetchSchema, fetchStats } from "../../api/indexes";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { IndexPage } from "../index/IndexPage";
import { Records } from "./Records";
import { holdsDocuments } from "./view";
import "./browse.css";

export function Browse() {
  const { name = "" } = useRoute().params;
  const index = useCall(
    async (signal) => {
      const [index, schema] = await Promise.all([fetchIndex(name, signal), fetchSchema(name, signal)]);
      return schema && holdsDocuments(schema) ? { ...index, schema } : index;
    },
    [name],
  );
  const stats = useCall(
    (signal) =>
      fetchStats(name, signal).catch((error: unknown) => {
        // A key for one namespace may not know of the others.
        if (error instanceof ApiError && error.status === 403) return undefined;
        throw error;
      }),
    [name],
  );
  const error = index.error ?? stats.error;
  const again = () => {
    index.again();
    stats.again();
  };
  const ready = index.answer && index.answer.name === name && (stats.answer || !stats.waiting);
  return (
    <IndexPage name={name} here="browse">
      {error !== undefined && <Problem error={error} again={again} />}
      {!ready && error === undefined && <Waiting />}
      {ready && index.answer && <Records key={name} index={index.answer} stats={stats.answer} onCount={stats.again} />}
    </IndexPage>
  );
}
