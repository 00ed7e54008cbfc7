import { useState } from "preact/hooks";
import type { Index } from "../../api/indexes";
import { fetchModels, type Model } from "../../api/models";
import { words } from "../../state/language";
import { SelectField, TextField } from "../../ui/Field";
import { useCall } from "../../ui/useCall";
import { SettingForm } from "./SettingForm";
import { type FormProps, useConfigure } from "./useConfigure";

const say = words({
  title: { en: "Texts", ko: "텍스트" },
  bound: {
    en: "The model stays as it is, because its vectors are stored; “pinyon reembed” makes an index with another one.",
    ko: "저장된 벡터가 이 모델의 것이므로 모델은 바꿀 수 없습니다. “pinyon reembed”로 다른 모델의 인덱스를 만들 수 있습니다.",
  },
  free: {
    en: "Bind a model, and texts can be written and searched here. Do it only if the stored vectors came from that model.",
    ko: "모델을 연결하면 텍스트를 그대로 저장하고 검색할 수 있습니다. 저장된 벡터가 그 모델에서 나왔을 때만 연결하세요.",
  },
  model: { en: "Model", ko: "모델" },
  none: { en: "No model", ko: "연결 안 함" },
  field: { en: "Field that holds the text", ko: "텍스트가 든 필드" },
  field_empty: { en: "Say which field of a record holds the text.", ko: "텍스트가 든 필드 이름을 입력하세요." },
  mode: { en: "Searches go by", ko: "검색 기준" },
  dense: { en: "meaning", ko: "의미" },
  lexical: { en: "words", ko: "단어" },
  hybrid: { en: "words and meaning", ko: "단어와 의미 모두" },
  mode_hint: { en: "A query that says something else wins.", ko: "질의에서 따로 정하면 그 값이 우선합니다." },
});

const MODES = ["dense", "lexical", "hybrid"] as const;
type Mode = (typeof MODES)[number];
interface Embedding {
  readonly model: string;
  readonly text: string;
  readonly mode: Mode;
}

export function EmbedForm({ index, onChanged }: FormProps) {
  const bound = index.embed !== undefined;
  const models = useCall(async (signal) => (bound ? [] : await fetchModels("embed", signal)), [bound]);
  const fitting = (models.answer ?? []).filter((model) => fits(model, index));
  const [draft, setDraft] = useState<Embedding>();
  const { save, action } = useConfigure(index.name, onChanged);
  if (!bound && fitting.length === 0) return null;

  const now = embeddingOf(index);
  const value = draft ?? now;
  const change = (changed: Partial<Embedding>) => setDraft({ ...value, ...changed });
  const changes = changesOf(index, now, value);
  const body = changes && value.text.trim() ? { embed: changes } : undefined;
  return (
    <SettingForm
      title={say("title")}
      about={bound ? say("bound") : say("free")}
      index={index.name}
      body={body}
      dirty={changes !== undefined}
      action={action}
      onSave={async () => {
        if (body && (await save(body))) setDraft(undefined);
      }}
      onUndo={() => {
        setDraft(undefined);
        action.forget();
      }}
    >
      <div class="columns">
        {!bound && (
          <SelectField
            label={say("model")}
            value={value.model}
            options={[["", say("none")], ...fitting.map(({ model }) => [model, model] as const)]}
            onInput={(model) => change({ model })}
          />
        )}
        {value.model && (
          <TextField
            label={say("field")}
            value={value.text}
            onInput={(text) => change({ text })}
            wrong={value.text.trim() ? undefined : say("field_empty")}
            autocomplete="off"
            spellcheck={false}
          />
        )}
        {value.model && index.vector_type === "dense" && (
          <SelectField
            label={say("mode")}
            value={value.mode}
            options={MODES.map((mode) => [mode, say(mode)] as const)}
            onInput={(mode) => change({ mode: mode as Mode })}
            hint={say("mode_hint")}
          />
        )}
      </div>
    </SettingForm>
  );
}

function embeddingOf({ embed }: Index): Embedding {
  const mode = MODES.find((mode) => mode === embed?.read_parameters?.mode) ?? "dense";
  return { model: embed?.model ?? "", text: embed?.field_map?.text ?? "text", mode };
}

/** The `embed` of a configure call; undefined when nothing changes. */
function changesOf(index: Index, now: Embedding, wanted: Embedding): object | undefined {
  const binding = wanted.model !== now.model ? { model: wanted.model } : {};
  const field =
    wanted.text.trim() !== now.text || (wanted.model && !now.model) ? { field_map: { text: wanted.text.trim() } } : {};
  const reading =
    wanted.mode !== now.mode ? { read_parameters: { ...index.embed?.read_parameters, mode: wanted.mode } } : {};
  const changes = { ...binding, ...field, ...reading };
  return wanted.model && Object.keys(changes).length ? changes : undefined;
}

/** Whether vectors of a model can be those of an index. */
function fits(model: Model, index: Index): boolean {
  if (model.vector_type !== index.vector_type) return false;
  if (index.vector_type === "sparse") return true;
  const metric = model.supported_metrics?.includes(index.metric) ?? true;
  return metric && (model.supported_dimensions?.includes(index.dimension ?? 0) ?? false);
}
