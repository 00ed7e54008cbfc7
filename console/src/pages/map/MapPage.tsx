import { useMemo } from "preact/hooks";
import { useRoute } from "preact-iso";
import { fetchIndex, fetchStats, namespaceNames } from "../../api/indexes";
import { to } from "../../routes";
import { words } from "../../state/language";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { IndexPage } from "../index/IndexPage";
import { MapView } from "./MapView";
import "./map.css";

const say = words({
  sparse: { en: "A sparse index has no map", ko: "희소 인덱스에는 지도가 없습니다" },
  why: {
    en: "A map needs dense vectors: it lays their directions of greatest variance into the plane. Search and browse work as ever.",
    ko: "지도는 밀집 벡터에서 분산이 가장 큰 방향을 평면에 펼친 것입니다. 검색과 레코드 보기는 그대로 쓸 수 있습니다.",
  },
  search: { en: "Search it", ko: "검색하기" },
  empty: { en: "Nothing to draw yet", ko: "아직 그릴 것이 없습니다" },
  write: {
    en: "This index has no records. Once some are there, each is a point here.",
    ko: "이 인덱스에는 레코드가 없습니다. 저장하면 레코드 하나가 점 하나로 나타납니다.",
  },
  overview: { en: "How to write to it", ko: "저장하는 방법" },
});

export function MapPage() {
  const { name = "" } = useRoute().params;
  const about = useCall(
    async (signal) => {
      const [index, stats] = await Promise.all([fetchIndex(name, signal), fetchStats(name, signal)]);
      return { index, stats };
    },
    [name],
  );
  const { index, stats } = about.answer ?? {};
  const namespaces = useMemo(() => (stats ? namespaceNames(stats) : []), [stats]);
  return (
    <IndexPage name={name} here="map">
      {about.error !== undefined && <Problem error={about.error} again={about.again} />}
      {!about.answer && about.waiting && <Waiting />}
      {index?.vector_type === "sparse" && (
        <Empty title={say("sparse")}>
          <p>{say("why")}</p>
          <a class="button" href={to.search(name)}>
            {say("search")}
          </a>
        </Empty>
      )}
      {index?.vector_type === "dense" && stats?.totalVectorCount === 0 && (
        <Empty title={say("empty")}>
          <p>{say("write")}</p>
          <a class="button" href={to.index(name)}>
            {say("overview")}
          </a>
        </Empty>
      )}
      {index?.vector_type === "dense" && stats && stats.totalVectorCount > 0 && (
        <MapView key={name} index={index} namespaces={namespaces} />
      )}
    </IndexPage>
  );
}
