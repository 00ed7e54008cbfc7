import type { ComponentChildren } from "preact";
import type { Index, Stats } from "../../api/indexes";
import { readLine, TAG, USUAL_RECALL } from "../../api/kinds";
import { number, percent, words } from "../../state/language";
import { Copy } from "../../ui/Copy";
import { IndexState } from "../indexes/IndexState";

const say = words({
  facts: { en: "Facts", ko: "기본 정보" },
  records: { en: "Records", ko: "레코드" },
  namespaces: { en: { one: "in 1 namespace", other: "in {count} namespaces" }, ko: "네임스페이스 {count}개" },
  vectors: { en: "Vectors", ko: "벡터" },
  dimension: { en: "{count} numbers", ko: "{count}차원" },
  sparse: { en: "Sparse", ko: "희소" },
  model: { en: "Model", ko: "모델" },
  field: { en: "reads the field {name}", ko: "{name} 필드를 읽습니다" },
  own_about: { en: "you bring the vectors", ko: "벡터를 직접 넣습니다" },
  own: { en: "None", ko: "없음" },
  promise: { en: "Promise", ko: "약속" },
  recall: { en: "Recall ≥ {target}", ko: "재현율 {target} 이상" },
  exact: { en: "Every search is exact", ko: "모든 검색이 정확합니다" },
  kind: { en: "search structure {kind}", ko: "검색 구조 {kind}" },
  host: { en: "Host", ko: "호스트" },
  copy: { en: "Copy host", ko: "호스트 복사" },
  place: {
    en: "{cloud}, {region}: names only, it runs here",
    ko: "{cloud}, {region}: 이름일 뿐, 이 서버에서 실행됩니다",
  },
  protected: { en: "protected", ko: "삭제 보호" },
});

export function Facts({ index, stats }: { index: Index; stats: Stats | undefined }) {
  const place = placeOf(index);
  const dense = index.vector_type === "dense";
  const settings = readLine(index.tags?.[TAG] ?? "");
  // Settings that a program gave without the tag are seen by what the meter is held to.
  const metered = Object.values(stats?.namespaces ?? {}).find(({ quality }) => quality)?.quality?.target;
  const target = metered ?? Number(settings?.recall || USUAL_RECALL);
  return (
    <section class="panel facts-strip" aria-label={say("facts")}>
      <Fact name={say("records")} about={stats && say("namespaces", { count: Object.keys(stats.namespaces).length })}>
        {stats ? number(stats.totalVectorCount) : "…"}
      </Fact>
      <Fact name={say("vectors")} about={index.metric}>
        {dense ? say("dimension", { count: index.dimension ?? 0 }) : say("sparse")}
      </Fact>
      <Fact name={say("promise")} about={dense && settings && say("kind", { kind: settings.kind })}>
        {dense ? say("recall", { target: percent(target, 2) }) : say("exact")}
      </Fact>
      <Fact
        name={say("model")}
        about={
          <span class="data">
            {index.embed ? say("field", { name: index.embed.field_map?.text ?? "text" }) : say("own_about")}
          </span>
        }
      >
        {index.embed ? <span class="data">{index.embed.model}</span> : say("own")}
      </Fact>
      <div class="fact">
        <span class="soft small">{say("host")}</span>
        <span class="row">
          <code class="data">{index.host}</code>
          <Copy text={index.host} label={say("copy")} />
        </span>
        <span class="row soft small">
          <IndexState index={index} />
          {index.deletion_protection === "enabled" && <span class="badge">{say("protected")}</span>}
          {place && <span>{say("place", place)}</span>}
        </span>
      </div>
    </section>
  );
}

function Fact(props: { name: string; about?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="fact">
      <span class="soft small">{props.name}</span>
      <strong>{props.children}</strong>
      {props.about && <span class="soft small">{props.about}</span>}
    </div>
  );
}

/** Where a serverless index says it lives. */
function placeOf(index: Index): { cloud: string; region: string } | undefined {
  const { serverless } = index.spec as { serverless?: { cloud?: string; region?: string } };
  return serverless?.cloud && serverless.region ? { cloud: serverless.cloud, region: serverless.region } : undefined;
}
