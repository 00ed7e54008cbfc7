import { useState } from "preact/hooks";
import { fetchGenerators } from "../../api/assistants";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { CheckField } from "../../ui/Field";
import { useCall } from "../../ui/useCall";
import { SettingsForm } from "./SettingsForm";
import { brief, read, written } from "./settings";

const say = words({
  settings: { en: "How answers are made", ko: "답변 설정" },
  usual: { en: "the usual way", ko: "기본값" },
  compare: { en: "Compare two settings side by side", ko: "두 설정 나란히 비교" },
  lane: { en: "Setting {name}", ko: "설정 {name}" },
  noModels: {
    en: "No writing model is installed on this server: questions find passages, and nothing is written.",
    ko: "이 서버에는 글을 쓰는 모델이 없습니다. 질문하면 구절만 찾아 보여 줍니다.",
  },
});

const NO_MODELS: readonly string[] = [];

/** The settings of the next question, in the address of the page. */
export function SettingsPanel() {
  const [query, change] = useQuery();
  const compare = query.compare === "yes";
  const [open] = useState(compare);
  const models = useCall((signal) => fetchGenerators(signal).catch(() => undefined), []);
  const lanes = compare ? [0, 1] : [0];
  const told = lanes.map((lane) => brief(read(query, lane)).join(", ") || say("usual")).join(" / ");

  return (
    <details class="panel settings" open={open}>
      <summary>
        <strong>{say("settings")}</strong> <span class="soft small data">{told}</span>
      </summary>
      <div class="stack">
        {models.answer?.length === 0 && <p class="notice warn">{say("noModels")}</p>}
        <CheckField
          label={say("compare")}
          checked={compare}
          onInput={(on) => change({ compare: on ? "yes" : undefined })}
        />
        <div class={compare ? "lanes two" : "lanes"}>
          {lanes.map((lane) => (
            <fieldset key={lane} class="stack tight">
              {compare && <legend>{say("lane", { name: "AB"[lane] ?? "" })}</legend>}
              <SettingsForm
                settings={read(query, lane)}
                models={models.answer ?? NO_MODELS}
                onChange={(settings) => change(written(settings, lane))}
              />
            </fieldset>
          ))}
        </div>
      </div>
    </details>
  );
}
