import { useState } from "preact/hooks";
import { type Backup, createBackup } from "../../api/backups";
import { send } from "../../api/client";
import { number, words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextArea, TextField } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { Problem } from "../../ui/Problem";
import { useAction } from "../../ui/useAction";

const say = words({
  title: { en: "Back up an index", ko: "인덱스 백업" },
  index: { en: "Index", ko: "인덱스" },
  choose: { en: "Choose an index", ko: "인덱스를 고르세요" },
  index_empty: { en: "Choose the index to back up.", ko: "백업할 인덱스를 고르세요." },
  name: { en: "Name", ko: "이름" },
  name_hint: { en: "May be left empty. Any script.", ko: "비워 두어도 됩니다. 어떤 문자든 쓸 수 있습니다." },
  long: { en: "At most {count} characters are allowed.", ko: "{count}자까지 쓸 수 있습니다." },
  description: { en: "Description", ko: "설명" },
  create: { en: "Back up", ko: "백업" },
  creating: { en: "Backing up…", ko: "백업하는 중…" },
  created: { en: "{count} records of {index} were backed up.", ko: "{index}의 레코드 {count}개를 백업했습니다." },
});

const NAME = 512;
const DESCRIPTION = 4_096;

interface Props {
  /** Which index; where it is not said, one of `choices` is chosen. */
  readonly index?: string;
  readonly choices?: readonly string[];
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

export function CreateBackup({ index, choices = [], onClose, onCreated }: Props) {
  const [chosen, setChosen] = useState("");
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [tried, setTried] = useState(false);
  const action = useAction();
  const source = index ?? chosen;
  const call = createBackup(source, { name, description });
  const good = source !== "" && name.length <= NAME && description.length <= DESCRIPTION;

  const create = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!good) return;
    const done = await action.run(async () => {
      const made = await send<Backup>(call);
      toast(say("created", { index: source, count: number(made.record_count) }));
    });
    if (!done) return;
    onCreated();
    onClose();
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack" onSubmit={create} noValidate>
        {index === undefined && (
          <SelectField
            label={say("index")}
            value={chosen}
            options={[["", say("choose")], ...choices.map((choice) => [choice, choice] as const)]}
            onInput={setChosen}
            wrong={tried && !chosen ? say("index_empty") : undefined}
          />
        )}
        <TextField
          label={say("name")}
          value={name}
          onInput={setName}
          hint={say("name_hint")}
          wrong={name.length > NAME ? say("long", { count: NAME }) : undefined}
          autocomplete="off"
        />
        <TextArea
          label={say("description")}
          value={description}
          onInput={setDescription}
          rows={2}
          wrong={description.length > DESCRIPTION ? say("long", { count: DESCRIPTION }) : undefined}
        />
        {source && <AsCode call={call} />}
        {action.error !== undefined && <Problem error={action.error} />}
        <FormActions submit={action.busy ? say("creating") : say("create")} disabled={action.busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
