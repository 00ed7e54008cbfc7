import { type Index, namespaceNames, type Stats } from "../../api/indexes";
import type { Model } from "../../api/models";
import { words } from "../../state/language";
import { CheckField, SelectField, TextField } from "../../ui/Field";
import { modelsFor } from "./models";
import type { Settings } from "./settings";

const say = words({
  title: { en: "Where and how many", ko: "범위와 개수" },
  namespace: { en: "Namespace", ko: "네임스페이스" },
  usual: { en: "(default)", ko: "(기본)" },
  topK: { en: "Results", ko: "결과 수" },
  fields: { en: "Fields to show", ko: "표시할 필드" },
  all: { en: "all", ko: "전체" },
  fieldsHint: { en: "Names with commas between.", ko: "쉼표로 구분합니다." },
  model: { en: "Embed the text by", ko: "텍스트 임베딩 모델" },
  modelHint: {
    en: "Results mean something only if the records were embedded by the same model.",
    ko: "레코드도 같은 모델로 임베딩했을 때만 결과에 의미가 있습니다.",
  },
  live: { en: "Search as I type", ko: "입력하는 대로 검색" },
  compare: { en: "Compare two settings, A and B", ko: "두 설정 A와 B 비교" },
});

interface Props {
  readonly index: Index;
  readonly stats: Stats | undefined;
  readonly models: readonly Model[];
  readonly settings: Settings;
  readonly onChange: (changed: Partial<Settings>) => void;
}

/** What both sides share. */
export function Options({ index, stats, models, settings, onChange }: Props) {
  const known = stats ? namespaceNames(stats) : [];
  const namespaces = [...new Set(["", ...known, settings.namespace])];
  const able = modelsFor(index, models);
  const embeds = settings.by === "text" || settings.by === "hybrid";
  return (
    <section class="panel stack tight">
      <h2>{say("title")}</h2>
      <div class="search-pair">
        <SelectField
          label={say("namespace")}
          value={settings.namespace}
          options={namespaces.map((name) => [name, name || say("usual")])}
          onInput={(namespace) => onChange({ namespace })}
        />
        <TextField
          label={say("topK")}
          type="number"
          min={1}
          max={10_000}
          value={settings.topK}
          onInput={(topK) => onChange({ topK })}
        />
      </div>
      {embeds && !index.embed && index.vector_type === "dense" && able.length > 0 && (
        <SelectField
          label={say("model")}
          hint={say("modelHint")}
          value={settings.model || (able[0]?.model ?? "")}
          options={able.map(({ model }) => [model, model])}
          onInput={(model) => onChange({ model })}
        />
      )}
      <TextField
        label={say("fields")}
        hint={say("fieldsHint")}
        placeholder={say("all")}
        autocomplete="off"
        spellcheck={false}
        value={settings.fields}
        onInput={(fields) => onChange({ fields })}
      />
      <CheckField
        label={say("compare")}
        checked={Boolean(settings.compare)}
        onInput={(on) => onChange({ compare: on ? "1" : "" })}
      />
      <CheckField
        label={say("live")}
        checked={Boolean(settings.live)}
        onInput={(on) => onChange({ live: on ? "1" : "" })}
      />
    </section>
  );
}
