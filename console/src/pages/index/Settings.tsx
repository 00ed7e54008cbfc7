import { configureIndex } from "../../api/indexes";
import { words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { EmbedForm } from "./EmbedForm";
import { KindForm } from "./KindForm";
import { TagsForm } from "./TagsForm";
import { type FormProps, useConfigure } from "./useConfigure";

const say = words({
  title: { en: "Settings", ko: "설정" },
  protection: { en: "Deletion protection", ko: "삭제 보호" },
  on: { en: "On: nobody can delete this index.", ko: "켜짐: 아무도 이 인덱스를 삭제할 수 없습니다." },
  off: { en: "Off: whoever may write can delete it.", ko: "꺼짐: 쓰기 권한이 있으면 삭제할 수 있습니다." },
});

export function Settings({ index, onChanged }: FormProps) {
  return (
    <Section title={say("title")}>
      <Protection index={index} onChanged={onChanged} />
      {index.vector_type === "dense" && <KindForm index={index} onChanged={onChanged} />}
      <EmbedForm index={index} onChanged={onChanged} />
      <TagsForm index={index} onChanged={onChanged} />
    </Section>
  );
}

function Protection({ index, onChanged }: FormProps) {
  const on = index.deletion_protection === "enabled";
  const body = { deletion_protection: on ? "disabled" : "enabled" };
  const { save, action } = useConfigure(index.name, onChanged);
  return (
    <div class="setting stack tight">
      <label class="check">
        <input type="checkbox" checked={on} disabled={action.busy} onChange={() => void save(body)} />
        <span>
          <strong>{say("protection")}</strong>
          <br />
          <span class="soft small">{on ? say("on") : say("off")}</span>
        </span>
      </label>
      {action.error !== undefined && <Problem error={action.error} />}
      <AsCode call={configureIndex(index.name, body)} />
    </div>
  );
}
