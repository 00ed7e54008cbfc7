import { LIMITS } from "../../api/limits";
import type { Model } from "../../api/models";
import { words } from "../../state/language";
import { SelectField, TextField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import type { Asked } from "../../ui/useCall";
import { type Draft, type DraftProblems, METRICS } from "./draft";

const say = words({
  dimension: { en: "Dimension", ko: "차원" },
  dimension_hint: {
    en: "How many numbers a vector has: 1 to {most}. It cannot change later.",
    ko: "벡터 하나에 든 숫자의 개수로, 1부터 {most}까지입니다. 나중에 바꿀 수 없습니다.",
  },
  dimension_empty: { en: "Say how many numbers your vectors have.", ko: "벡터의 차원을 입력하세요." },
  dimension_range: { en: "A whole number from 1 to {most}.", ko: "1부터 {most}까지의 정수를 쓰세요." },
  metric: { en: "Metric", ko: "거리 척도" },
  cosine: {
    en: "The angle between vectors. What most text models want.",
    ko: "벡터 사이의 각도입니다. 대부분의 텍스트 모델에 맞습니다.",
  },
  dotproduct: {
    en: "The product of their numbers; length counts. Needed for hybrid searches.",
    ko: "성분을 곱한 합으로, 길이도 영향을 줍니다. 하이브리드 검색에 필요합니다.",
  },
  euclidean: { en: "The squared distance: lower is nearer.", ko: "거리의 제곱입니다. 작을수록 가깝습니다." },
  model: { en: "Model", ko: "모델" },
  choose: { en: "Choose a model", ko: "모델을 고르세요" },
  loading: { en: "Loading the models…", ko: "모델 목록을 불러오는 중…" },
  model_empty: { en: "Choose the model that embeds the text.", ko: "텍스트를 벡터로 바꿀 모델을 고르세요." },
  text: { en: "Field that holds the text", ko: "텍스트가 든 필드" },
  text_hint: {
    en: "Records are written as {example}.",
    ko: "레코드는 {example}처럼 씁니다.",
  },
  text_empty: { en: "Say which field of a record holds the text.", ko: "텍스트가 든 필드 이름을 입력하세요." },
  usual: { en: "usual", ko: "기본값" },
});

interface DenseProps {
  readonly draft: Draft;
  readonly problem: DraftProblems["dimension"];
  readonly tried: boolean;
  readonly onChange: (changed: Partial<Draft>) => void;
}

export function DenseFields({ draft, problem, tried, onChange }: DenseProps) {
  const most = LIMITS.dimension;
  const shown = problem && (tried || draft.dimension) ? problem : undefined;
  return (
    <div class="columns">
      <TextField
        label={say("dimension")}
        value={draft.dimension}
        onInput={(dimension) => onChange({ dimension })}
        hint={say("dimension_hint", { most })}
        wrong={shown && say(`dimension_${shown}`, { most })}
        placeholder="768"
        autocomplete="off"
      />
      <MetricField value={draft.metric} metrics={METRICS} onInput={(metric) => onChange({ metric })} />
    </div>
  );
}

interface ModelProps {
  readonly draft: Draft;
  readonly models: Asked<readonly Model[]>;
  readonly model: Model | undefined;
  readonly wrong: DraftProblems;
  readonly tried: boolean;
  readonly onChange: (changed: Partial<Draft>) => void;
}

export function ModelFields({ draft, models, model, wrong, tried, onChange }: ModelProps) {
  const text = draft.text.trim() || "text";
  const dense = model?.vector_type === "dense";
  const metrics = model?.supported_metrics ?? [];
  const dimensions = model?.supported_dimensions ?? [];
  return (
    <div class="stack">
      {models.error !== undefined && <Problem error={models.error} again={models.again} />}
      <div class="columns">
        <SelectField
          label={say("model")}
          value={draft.model}
          options={[
            ["", models.answer ? say("choose") : say("loading")],
            ...(models.answer ?? []).map((model) => [model.model, model.model] as const),
          ]}
          onInput={(model) => onChange({ model, modelDimension: "", modelMetric: "" })}
          hint={model && <span class="data">{model.short_description}</span>}
          wrong={tried && wrong.model ? say("model_empty") : undefined}
        />
        <TextField
          label={say("text")}
          value={draft.text}
          onInput={(text) => onChange({ text })}
          hint={say("text_hint", { example: JSON.stringify({ _id: "1", [text]: "…" }) })}
          wrong={wrong.text && say("text_empty")}
          autocomplete="off"
          spellcheck={false}
        />
      </div>
      {dense && (dimensions.length > 1 || metrics.length > 1) && (
        <div class="columns">
          {dimensions.length > 1 && (
            <SelectField
              label={say("dimension")}
              value={draft.modelDimension}
              options={[
                ["", `${model?.default_dimension} (${say("usual")})`],
                ...dimensions
                  .filter((dimension) => dimension !== model?.default_dimension)
                  .map((dimension) => [String(dimension), String(dimension)] as const),
              ]}
              onInput={(modelDimension) => onChange({ modelDimension })}
            />
          )}
          {metrics.length > 1 && (
            <MetricField
              value={draft.modelMetric || (metrics[0] ?? "cosine")}
              metrics={metrics}
              onInput={(modelMetric) => onChange({ modelMetric })}
            />
          )}
        </div>
      )}
    </div>
  );
}

function MetricField(props: { value: string; metrics: readonly string[]; onInput: (metric: string) => void }) {
  const known = METRICS.find((metric) => metric === props.value);
  return (
    <SelectField
      label={say("metric")}
      value={props.value}
      options={props.metrics.map((metric) => [metric, metric] as const)}
      onInput={props.onInput}
      hint={known && say(known)}
    />
  );
}
