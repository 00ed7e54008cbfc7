import { fetchModels, listModels, type Model } from "../../api/models";
import { number, words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { Empty } from "../../ui/Empty";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { Trouble } from "./Trouble";

const say = words({
  models: { en: "Models", ko: "모델" },
  about: {
    en: "Pinecone’s model names stand for local models, so that programs that name them run offline. They are not those models: the header x-pinyon-model of an answer says which one did the work.",
    ko: "Pinecone의 모델 이름은 로컬 모델을 대신 가리키므로, 그 이름을 쓰는 프로그램이 오프라인에서도 동작합니다. 같은 모델은 아닙니다. 응답 헤더 x-pinyon-model에 실제로 사용한 모델이 표시됩니다.",
  },
  name: { en: "Name", ko: "이름" },
  is: { en: "What it is", ko: "설명" },
  does: { en: "For", ko: "용도" },
  dimensions: { en: "Dimensions", ko: "차원" },
  batch: { en: "Texts at once", ko: "한 번에 처리하는 글" },
  embed: { en: "vectors", ko: "벡터" },
  rerank: { en: "reranking", ko: "재정렬" },
  generate: { en: "writing", ko: "글쓰기" },
  sparse: { en: "sparse vectors", ko: "희소 벡터" },
  none: { en: "No model is installed", ko: "설치된 모델이 없습니다" },
  api: { en: "The API", ko: "API" },
  everything: {
    en: "Everything this console does, it does with the public API.",
    ko: "이 콘솔의 모든 기능은 공개 API만 사용합니다.",
  },
  page: { en: "Every route on a page", ko: "모든 경로를 한 화면에서" },
  document: { en: "The same as OpenAPI 3.1", ko: "OpenAPI 3.1 문서" },
  metrics: { en: "Metrics for Prometheus", ko: "Prometheus용 지표" },
});

const LINKS = [
  ["/docs", "page"],
  ["/openapi.json", "document"],
  ["/metrics", "metrics"],
] as const;

export function Models() {
  const models = useCall((signal) => fetchModels(undefined, signal), []);
  return (
    <div class="stack">
      <section class="panel stack tight">
        <h2>{say("models")}</h2>
        <p class="soft">{say("about")}</p>
        {models.error !== undefined && <Trouble error={models.error} again={models.again} />}
        {!models.answer && models.waiting && <Waiting />}
        {models.answer?.length === 0 && <Empty title={say("none")} />}
        {models.answer && models.answer.length > 0 && <Table models={models.answer} />}
        <AsCode call={listModels()} />
      </section>
      <section class="panel stack tight">
        <h2>{say("api")}</h2>
        <p class="soft">{say("everything")}</p>
        <ul class="operate-links">
          {LINKS.map(([path, what]) => (
            <li key={path}>
              <a href={path} target="_blank" rel="noreferrer">
                <code>{path}</code>
              </a>{" "}
              <span class="soft">{say(what)}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Table({ models }: { models: readonly Model[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="scroll" tabIndex={0} role="region" aria-label={say("models")}>
      <table class="table operate-wide">
        <thead>
          <tr>
            <th>{say("name")}</th>
            <th>{say("does")}</th>
            <th>{say("is")}</th>
            <th>{say("dimensions")}</th>
            <th class="number">{say("batch")}</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr key={model.model}>
              <td class="mono operate-name">{model.model}</td>
              <td>
                <span class="badge">{purpose(model)}</span>
              </td>
              <td class="data">{model.short_description}</td>
              <td>{(model.supported_dimensions ?? []).map((one) => number(one)).join(", ") || "–"}</td>
              <td class="number">{number(model.max_batch_size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function purpose({ type, vector_type }: Model): string {
  if (type === "embed") return say(vector_type === "sparse" ? "sparse" : "embed");
  return say(type);
}
