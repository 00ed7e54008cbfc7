import { useRoute } from "preact-iso";
import { fetchIndex } from "../../api/indexes";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { IndexPage } from "./IndexPage";

export function Overview() {
  const { name = "" } = useRoute().params;
  const index = useCall((signal) => fetchIndex(name, signal), [name]);
  return (
    <IndexPage name={name} here="overview">
      {index.error !== undefined && <Problem error={index.error} again={index.again} />}
      {!index.answer && index.waiting && <Waiting />}
      {index.answer && (
        <dl class="facts panel">
          <dt>metric</dt>
          <dd>{index.answer.metric}</dd>
        </dl>
      )}
    </IndexPage>
  );
}
