import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { type Backup, type Restoring, restoreBackup } from "../../api/backups";
import { send } from "../../api/client";
import { TAG } from "../../api/kinds";
import { LIMITS, wrongIndexName } from "../../api/limits";
import { rowsOf, type TagRow, tagsOf, tooMany, wrongTags } from "../../api/tags";
import { to, withQuery } from "../../routes";
import { moment, words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Dialog } from "../../ui/Dialog";
import { CheckField, TextField } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { Problem } from "../../ui/Problem";
import { TagsEditor } from "../../ui/TagsEditor";
import { useAction } from "../../ui/useAction";

const say = words({
  title: { en: "Restore into a new index", ko: "새 인덱스로 복원" },
  from: {
    en: "From the backup of {index} made {when}, with {count} records.",
    ko: "{when}에 만든 {index}의 백업에서 레코드 {count}개를 복원합니다.",
  },
  name: { en: "Name of the new index", ko: "새 인덱스 이름" },
  name_hint: {
    en: "Lower-case letters, digits and hyphens, up to {count}. The index that was backed up is left as it is.",
    ko: "영어 소문자, 숫자, 하이픈으로 {count}자까지. 백업한 원래 인덱스는 그대로 둡니다.",
  },
  name_wrong: {
    en: "Use up to {count} lower-case letters, digits and hyphens, with a letter or digit at both ends.",
    ko: "영어 소문자, 숫자, 하이픈으로 {count}자까지 쓰고, 처음과 끝은 영문자나 숫자로 하세요.",
  },
  tags: { en: "Tags", ko: "태그" },
  many: { en: "An index has at most {count} tags.", ko: "태그는 {count}개까지 달 수 있습니다." },
  protect: { en: "Protect it from being deleted", ko: "삭제되지 않도록 보호" },
  restore: { en: "Restore", ko: "복원" },
  restoring: { en: "Starting…", ko: "시작하는 중…" },
  begun: { en: "{name} is being made from the backup.", ko: "백업에서 {name} 인덱스를 만들고 있습니다." },
});

export function RestoreBackup({ backup, onClose }: { backup: Backup; onClose: () => void }) {
  const { route } = useLocation();
  const [name, setName] = useState(suggested(backup));
  const [tags, setTags] = useState<readonly TagRow[]>(rowsOf(backup.tags));
  const [isProtected, setProtected] = useState(false);
  const action = useAction();
  const line = backup.tags?.[TAG];
  const many = tooMany(tags, line ? 1 : 0);
  const wrongName = wrongIndexName(name.trim());
  const good = !wrongName && !many && !wrongTags(tags).some(Boolean);
  const body: Restoring = {
    name: name.trim(),
    tags: { ...tagsOf(tags), ...(line ? { [TAG]: line } : {}) },
    ...(isProtected ? { deletion_protection: "enabled" as const } : {}),
  };
  const call = restoreBackup(backup.backup_id, body);
  const count = LIMITS.indexName;

  const restore = async (event: Event) => {
    event.preventDefault();
    if (!good || !(await action.run(async () => void (await send(call))))) return;
    toast(say("begun", { name: body.name }));
    onClose();
    route(withQuery(to.backups(), { view: "jobs" }));
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack restore" onSubmit={restore} noValidate>
        <p class="soft">
          {say("from", {
            index: backup.source_index_name,
            when: moment(backup.created_at),
            count: backup.record_count,
          })}
        </p>
        <TextField
          label={say("name")}
          value={name}
          onInput={setName}
          hint={say("name_hint", { count })}
          wrong={wrongName && say("name_wrong", { count })}
          autocomplete="off"
          spellcheck={false}
        />
        <fieldset class="stack tight">
          <legend>{say("tags")}</legend>
          <TagsEditor rows={tags} onChange={setTags} strict />
          {many && <p class="wrong">{say("many", { count: LIMITS.tags })}</p>}
        </fieldset>
        <CheckField label={say("protect")} checked={isProtected} onInput={setProtected} />
        <AsCode call={call} />
        {action.error !== undefined && <Problem error={action.error} />}
        <FormActions
          submit={action.busy ? say("restoring") : say("restore")}
          disabled={action.busy || !good}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}

/** The name of the source with an ending, within what a name may have. */
function suggested({ source_index_name: source }: Backup): string {
  const ending = "-restored";
  return `${source.slice(0, LIMITS.indexName - ending.length).replace(/-+$/, "")}${ending}`;
}
