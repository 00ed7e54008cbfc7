import { useState } from "preact/hooks";
import { lineOf, readLine, type Settings as Said, TAG, USUAL, wrongSettings } from "../../api/kinds";
import { words } from "../../state/language";
import { KindFields } from "../../ui/KindFields";
import { SettingForm } from "./SettingForm";
import { type FormProps, useConfigure } from "./useConfigure";

const say = words({
  title: { en: "How it is searched", ko: "검색 방식" },
  about: {
    en: "Searches go on while this changes. The tag {tag} keeps it, so that every SDK can set it.",
    ko: "바꾸는 동안에도 검색은 계속됩니다. {tag} 태그에 저장되므로 어떤 SDK로도 설정할 수 있습니다.",
  },
  strange: {
    en: "The tag says “{line}”, which this form does not know. Saving replaces it.",
    ko: "태그 값이 “{line}”인데 이 양식에서 알 수 없는 값입니다. 저장하면 바뀝니다.",
  },
});

export function KindForm({ index, onChanged }: FormProps) {
  const line = index.tags?.[TAG] ?? "";
  const said = readLine(line);
  const [draft, setDraft] = useState<Said>();
  const { save, action } = useConfigure(index.name, onChanged);
  const value = draft ?? said ?? USUAL;
  const dirty = draft !== undefined && (said === undefined || lineOf(draft) !== lineOf(said));
  const good = Object.keys(wrongSettings(value)).length === 0;
  const body = dirty && good ? { tags: { [TAG]: lineOf(value) } } : undefined;
  return (
    <SettingForm
      title={say("title")}
      about={say("about", { tag: TAG })}
      index={index.name}
      body={body}
      dirty={dirty}
      action={action}
      onSave={async () => {
        if (body && (await save(body))) setDraft(undefined);
      }}
      onUndo={() => {
        setDraft(undefined);
        action.forget();
      }}
    >
      {said === undefined && <p class="notice warn data">{say("strange", { line })}</p>}
      <KindFields value={value} onChange={setDraft} />
    </SettingForm>
  );
}
