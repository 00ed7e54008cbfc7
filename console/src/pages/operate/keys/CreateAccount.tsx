import { useState } from "preact/hooks";
import { admin, type ServiceAccount } from "../../../api/admin";
import { send } from "../../../api/client";
import { words } from "../../../state/language";
import { Dialog } from "../../../ui/Dialog";
import { SelectField, TextField } from "../../../ui/Field";
import { Problem } from "../../../ui/Problem";
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
  cancel: { en: "Cancel", ko: "취소" },
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
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!name.trim()) return;
    setBusy(true);
    setError(undefined);
    try {
      const { service_account: account, client_secret: secret } = await within(
        send<{ service_account: ServiceAccount; client_secret: string }>(admin(token).createAccount(name.trim(), role)),
      );
      const parts = [["PINECONE_CLIENT_ID", account.client_id] as const, ["PINECONE_CLIENT_SECRET", secret] as const];
      onMade({ name: account.name, parts });
      onClose();
    } catch (error) {
      setError(error);
      setBusy(false);
    }
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
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            {say("cancel")}
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {say("create")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
