import { useMemo } from "preact/hooks";
import type { Index } from "../../api/indexes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { Waiting } from "../../ui/Waiting";
import { Controls } from "./Controls";
import { Explorer } from "./Explorer";
import { settingsOf } from "./settings";
import { useMap } from "./useMap";

const say = words({
  none: { en: "No record to show", ko: "보여줄 레코드가 없습니다" },
  wider: {
    en: "No record matches here. Change the filter or the namespace.",
    ko: "조건에 맞는 레코드가 없습니다. 필터나 네임스페이스를 바꿔 보세요.",
  },
});

/** The map of a dense index with everything around it. What it shows is in the address. */
export function MapView({ index, namespaces }: { index: Index; namespaces: readonly string[] }) {
  const [query, change] = useQuery();
  const settings = useMemo(() => settingsOf(query, namespaces), [query, namespaces]);
  const { fields, colour, request, map } = useMap(index.name, settings);
  const loaded = map.answer;
  return (
    <div class="stack">
      <Controls
        index={index.name}
        namespaces={namespaces}
        fields={fields?.fields ?? []}
        settings={settings}
        colour={colour}
        onChange={change}
      />
      {map.error !== undefined && <Problem error={map.error} again={map.again} />}
      {!loaded && map.waiting && <Waiting />}
      {loaded?.points.count === 0 && (
        <Empty title={say("none")}>
          <p>{say("wider")}</p>
        </Empty>
      )}
      {loaded && loaded.points.count > 0 && (
        <Explorer
          index={index}
          settings={settings}
          request={request}
          points={loaded.points}
          field={loaded.colour}
          waiting={map.waiting}
          onChange={change}
        />
      )}
    </div>
  );
}
