import { useState } from "preact/hooks";
import { TAG } from "../../api/kinds";
import { LIMITS } from "../../api/limits";
import { changesOf, rowsOf, type TagRow, tooMany, wrongTags } from "../../api/tags";
import { words } from "../../state/language";
import { TagsEditor } from "../../ui/TagsEditor";
import { SettingForm } from "./SettingForm";
import { type FormProps, useConfigure } from "./useConfigure";

const say = words({
  title: { en: "Tags", ko: "태그" },
  about: { en: "For people and programs to sort indexes by.", ko: "사람과 프로그램이 인덱스를 구분할 때 씁니다." },
  many: { en: "An index has at most {count} tags.", ko: "태그는 {count}개까지 달 수 있습니다." },
});

export function TagsForm({ index, onChanged }: FormProps) {
  const [draft, setDraft] = useState<readonly TagRow[]>();
  const { save, action } = useConfigure(index.name, onChanged);
  const rows = draft ?? rowsOf(index.tags);
  const changes = changesOf(index.tags, rows);
  const changed = Object.keys(changes).length > 0;
  const many = tooMany(rows, index.tags?.[TAG] ? 1 : 0);
  const good = !many && !wrongTags(rows).some(Boolean);
  const body = changed && good ? { tags: changes } : undefined;
  return (
    <SettingForm
      title={say("title")}
      about={say("about")}
      index={index.name}
      body={body}
      dirty={draft !== undefined}
      action={action}
      onSave={async () => {
        if (body && (await save(body))) setDraft(undefined);
      }}
      onUndo={() => {
        setDraft(undefined);
        action.forget();
      }}
    >
      <TagsEditor rows={rows} onChange={setDraft} strict />
      {many && <p class="wrong">{say("many", { count: LIMITS.tags })}</p>}
    </SettingForm>
  );
}
