import { useState } from "preact/hooks";
import { send } from "../../api/client";
import { createNamespace, LONGEST_NAMESPACE, wrongNamespace } from "../../api/namespaces";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { Problem } from "../../ui/Problem";
import { useAction } from "../../ui/useAction";

const say = words({
  title: { en: "Create a namespace", ko: "네임스페이스 만들기" },
  about: {
    en: "An empty part of the index. Writing to a name that is not there makes one too.",
    ko: "인덱스의 빈 구역입니다. 없는 이름으로 저장해도 저절로 생깁니다.",
  },
  name: { en: "Name", ko: "이름" },
  hint: { en: "Up to {count} ASCII characters.", ko: "ASCII 문자로 {count}자까지 쓸 수 있습니다." },
  empty: { en: "A namespace needs a name.", ko: "네임스페이스 이름을 입력하세요." },
  long: { en: "At most {count} characters are allowed.", ko: "{count}자까지 쓸 수 있습니다." },
  ascii: {
    en: "Only ASCII characters are allowed; metadata and text may be in any script.",
    ko: "ASCII 문자만 쓸 수 있습니다. 메타데이터와 텍스트는 어떤 문자로든 쓸 수 있습니다.",
  },
  reserved: { en: "That one is always there.", ko: "항상 있는 네임스페이스입니다." },
  taken: { en: "There is a namespace of this name already.", ko: "이미 있는 이름입니다." },
  create: { en: "Create", ko: "만들기" },
  created: { en: "Namespace {name} was created.", ko: "네임스페이스 {name}을(를) 만들었습니다." },
});

interface Props {
  readonly index: string;
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

export function CreateNamespace({ index, taken, onClose, onCreated }: Props) {
  const [name, setName] = useState("");
  const [tried, setTried] = useState(false);
  const action = useAction();
  const problem = wrongNamespace(name) ?? (taken.includes(name) ? "taken" : undefined);
  const count = LONGEST_NAMESPACE;

  const create = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (problem) return;
    if (!(await action.run(async () => void (await send(createNamespace(index, name)))))) return;
    toast(say("created", { name }));
    onCreated();
    onClose();
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack" onSubmit={create} noValidate>
        <p class="soft">{say("about")}</p>
        <TextField
          label={say("name")}
          value={name}
          onInput={setName}
          hint={say("hint", { count })}
          wrong={problem && (tried || name) ? say(problem, { count }) : undefined}
          autocomplete="off"
          spellcheck={false}
        />
        <AsCode call={createNamespace(index, name)} />
        {action.error !== undefined && <Problem error={action.error} />}
        <FormActions submit={say("create")} disabled={action.busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
