import { words } from "../../state/language";
import { CheckField, SelectField, TextArea, TextField } from "../../ui/Field";
import { HOSTED, LIMITS, type Settings, wrong } from "./settings";

const say = words({
  model: { en: "Model", ko: "모델" },
  modelHint: {
    en: "A hosted name, such as gpt-4o, stands for the server’s own model here; the answer says who wrote.",
    ko: "gpt-4o 같은 이름은 이 서버의 모델로 대신합니다. 실제로 쓴 모델은 답에 표시됩니다.",
  },
  own: { en: "The server’s own", ko: "서버 기본 모델" },
  hosted: { en: "{name} (the server’s own)", ko: "{name} (서버 기본 모델)" },
  temperature: { en: "Temperature", ko: "온도(temperature)" },
  temperatureHint: { en: "0 to 2; empty: 0", ko: "0~2, 비우면 0" },
  topK: { en: "Passages (top_k)", ko: "구절 수(top_k)" },
  topKHint: { en: "1 to 64; empty: 5", ko: "1~64, 비우면 5" },
  snippetSize: { en: "Size of a passage", ko: "구절 크기" },
  snippetHint: { en: "512 to 8192 tokens; empty: usual", ko: "512~8192토큰, 비우면 기본값" },
  range: { en: "Use {least} to {most}.", ko: "{least}~{most} 사이로 쓰세요." },
  filter: { en: "Only files whose metadata match (JSON)", ko: "메타데이터가 맞는 파일만 (JSON)" },
  filterHint: {
    en: 'For example {"kind": {"$in": ["manual", "rules"]}}',
    ko: '예: {"kind": {"$in": ["manual", "rules"]}}',
  },
  notObject: { en: "This is not a JSON object.", ko: "JSON 객체가 아닙니다." },
  highlights: { en: "Cite the exact sentence (highlights)", ko: "정확한 문장까지 인용 (하이라이트)" },
  history: { en: "Send what was said before", ko: "이전 대화도 함께 보내기" },
  json: { en: "Answer as JSON (not streamed)", ko: "JSON으로 답하기 (한 번에 표시)" },
});

interface Props {
  readonly settings: Settings;
  /** Names of the models that write. */
  readonly models: readonly string[];
  readonly onChange: (settings: Settings) => void;
}

export function SettingsForm({ settings, models, onChange }: Props) {
  const bad = wrong(settings);
  const names = new Set([...models, ...HOSTED, settings.model].filter(Boolean));
  const options = [...names].map((name): readonly [string, string] => [
    name,
    models.includes(name) ? name : say("hosted", { name }),
  ]);
  const set = (changed: Partial<Settings>) => onChange({ ...settings, ...changed });
  const range = (name: "temperature" | "topK" | "snippetSize") =>
    bad[name] ? say("range", { least: LIMITS[name][0], most: LIMITS[name][1] }) : undefined;

  return (
    <>
      <SelectField
        label={say("model")}
        hint={say("modelHint")}
        value={settings.model}
        options={[["", say("own")], ...options]}
        onInput={(model) => set({ model })}
      />
      <div class="numbers">
        {(["temperature", "topK", "snippetSize"] as const).map((name) => (
          <TextField
            key={name}
            label={say(name)}
            hint={say(name === "snippetSize" ? "snippetHint" : `${name}Hint`)}
            wrong={range(name)}
            value={settings[name]}
            onInput={(value) => set({ [name]: value })}
            autocomplete="off"
          />
        ))}
      </div>
      <TextArea
        label={say("filter")}
        hint={say("filterHint")}
        wrong={bad.filter ? say("notObject") : undefined}
        value={settings.filter}
        onInput={(filter) => set({ filter })}
        rows={1}
        mono
        spellcheck={false}
      />
      <div class="row wide">
        {(["highlights", "history", "json"] as const).map((name) => (
          <CheckField key={name} label={say(name)} checked={settings[name]} onInput={(on) => set({ [name]: on })} />
        ))}
      </div>
    </>
  );
}
