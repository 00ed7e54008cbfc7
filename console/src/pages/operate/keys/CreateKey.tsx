import { useState } from "preact/hooks";
import { type ApiKey, admin, type NewKey } from "../../../api/admin";
import { send } from "../../../api/client";
import { fetchIndexes } from "../../../api/indexes";
import { words } from "../../../state/language";
import { Dialog } from "../../../ui/Dialog";
import { CheckField, SelectField, TextField } from "../../../ui/Field";
import { FormActions } from "../../../ui/FormActions";
import { Problem } from "../../../ui/Problem";
import { useAction } from "../../../ui/useAction";
import { useCall } from "../../../ui/useCall";
import { RoleChoice } from "./RoleChoice";
import type { Made } from "./Secret";
import { within } from "./session";

const say = words({
  title: { en: "Create a key", ko: "키 만들기" },
  name: { en: "Name", ko: "이름" },
  nameHint: { en: "What the key is for; up to 80 characters.", ko: "키의 용도입니다. 80자까지 쓸 수 있습니다." },
  nameless: { en: "Enter a name.", ko: "이름을 입력하세요." },
  roleless: { en: "Choose at least one role.", ko: "역할을 하나 이상 고르세요." },
  index: { en: "Limited to index", ko: "사용할 인덱스" },
  every: { en: "Every index", ko: "모든 인덱스" },
  oneNamespace: { en: "One namespace only", ko: "네임스페이스 하나만" },
  namespace: { en: "Namespace", ko: "네임스페이스" },
  namespaceHint: { en: "Empty: the default one.", ko: "비워 두면 기본 네임스페이스입니다." },
  expires: { en: "Expires", ko: "만료" },
  never: { en: "Never", ko: "만료 없음" },
  day: { en: "In a day", ko: "하루 뒤" },
  week: { en: "In a week", ko: "일주일 뒤" },
  month: { en: "In 30 days", ko: "30일 뒤" },
  quarter: { en: "In 90 days", ko: "90일 뒤" },
  year: { en: "In a year", ko: "1년 뒤" },
  create: { en: "Create", ko: "만들기" },
});

const DAYS = { never: 0, day: 1, week: 7, month: 30, quarter: 90, year: 365 } as const;
type Span = keyof typeof DAYS;

interface Props {
  readonly token: string;
  readonly project: string;
  readonly onClose: () => void;
  readonly onMade: (made: Made) => void;
}

export function CreateKey({ token, project, onClose, onMade }: Props) {
  const indexes = useCall(fetchIndexes, []);
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<readonly string[]>(["DataPlaneViewer"]);
  const [index, setIndex] = useState("");
  const [limited, setLimited] = useState(false);
  const [namespace, setNamespace] = useState("");
  const [span, setSpan] = useState<Span>("never");
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();

  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!name.trim() || !roles.length) return;
    const wanted: NewKey = {
      name: name.trim(),
      roles,
      ...(index ? { index } : {}),
      ...(index && limited ? { namespace } : {}),
      ...(DAYS[span] ? { expires_at: new Date(Date.now() + DAYS[span] * 86_400_000).toISOString() } : {}),
    };
    await run(async () => {
      const made = await within(send<{ key: ApiKey; value: string }>(admin(token).createKey(project, wanted)));
      onMade({ name: made.key.name, parts: [["PINECONE_API_KEY", made.value]] });
      onClose();
    });
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <TextField
          label={say("name")}
          hint={say("nameHint")}
          wrong={tried && !name.trim() ? say("nameless") : undefined}
          autocomplete="off"
          value={name}
          onInput={setName}
        />
        <RoleChoice chosen={roles} onChange={setRoles} wrong={tried && !roles.length ? say("roleless") : undefined} />
        <SelectField
          label={say("index")}
          value={index}
          options={[["", say("every")], ...(indexes.answer ?? []).map((one) => [one.name, one.name] as const)]}
          onInput={setIndex}
        />
        {index && <CheckField label={say("oneNamespace")} checked={limited} onInput={setLimited} />}
        {index && limited && (
          <TextField label={say("namespace")} hint={say("namespaceHint")} value={namespace} onInput={setNamespace} />
        )}
        <SelectField
          label={say("expires")}
          value={span}
          options={(Object.keys(DAYS) as Span[]).map((one) => [one, say(one)] as const)}
          onInput={(span) => setSpan(span as Span)}
        />
        {error !== undefined && <Problem error={error} />}
        <FormActions submit={say("create")} disabled={busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
