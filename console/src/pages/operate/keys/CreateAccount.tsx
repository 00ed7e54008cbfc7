import { useState } from "preact/hooks";
import { admin, type ServiceAccount } from "../../../api/admin";
import { send } from "../../../api/client";
import { words } from "../../../state/language";
import { Dialog } from "../../../ui/Dialog";
import { SelectField, TextField } from "../../../ui/Field";
import { FormActions } from "../../../ui/FormActions";
import { Problem } from "../../../ui/Problem";
import { useAction } from "../../../ui/useAction";
import type { Made } from "./Secret";
import { within } from "./session";

const say = words({
  title: { en: "Create a service account", ko: "서비스 계정 만들기" },
  name: { en: "Name", ko: "이름" },
  nameless: { en: "Enter a name.", ko: "이름을 입력하세요." },
  role: { en: "Role in the organization", ko: "조직 안의 역할" },
  OrgOwner: { en: "OrgOwner: everything", ko: "OrgOwner: 모든 일" },
  OrgManager: { en: "OrgManager: everything but owners", ko: "OrgManager: 소유자를 뺀 모든 일" },
  OrgMember: { en: "OrgMember: look at it", ko: "OrgMember: 보기" },
  create: { en: "Create", ko: "만들기" },
});

const ROLES = ["OrgManager", "OrgOwner", "OrgMember"] as const;

interface Props {
  readonly token: string;
  readonly onClose: () => void;
  readonly onMade: (made: Made) => void;
}

export function CreateAccount({ token, onClose, onMade }: Props) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<string>("OrgManager");
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();

  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!name.trim()) return;
    await run(async () => {
      const { service_account: account, client_secret: secret } = await within(
        send<{ service_account: ServiceAccount; client_secret: string }>(admin(token).createAccount(name.trim(), role)),
      );
      const parts = [["PINECONE_CLIENT_ID", account.client_id] as const, ["PINECONE_CLIENT_SECRET", secret] as const];
      onMade({ name: account.name, parts });
      onClose();
    });
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <TextField
          label={say("name")}
          wrong={tried && !name.trim() ? say("nameless") : undefined}
          autocomplete="off"
          value={name}
          onInput={setName}
        />
        <SelectField
          label={say("role")}
          value={role}
          options={ROLES.map((one) => [one, say(one)] as const)}
          onInput={setRole}
        />
        {error !== undefined && <Problem error={error} />}
        <FormActions submit={say("create")} disabled={busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
