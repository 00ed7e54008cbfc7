import { useState } from "preact/hooks";
import { type ApiKey, admin } from "../../../api/admin";
import { send } from "../../../api/client";
import { words } from "../../../state/language";
import { toast } from "../../../state/toasts";
import { Dialog } from "../../../ui/Dialog";
import { FormActions } from "../../../ui/FormActions";
import { Problem } from "../../../ui/Problem";
import { useAction } from "../../../ui/useAction";
import { RoleChoice } from "./RoleChoice";
import { within } from "./session";

const say = words({
  title: { en: "Roles of {name}", ko: "{name}의 역할" },
  none: { en: "A key has at least one role.", ko: "키에는 역할이 하나 이상 있어야 합니다." },
  save: { en: "Save", ko: "저장" },
  saved: { en: "The roles of {name} are changed.", ko: "{name}의 역할을 바꿨습니다." },
  at: { en: "They hold from the next request on.", ko: "다음 요청부터 적용됩니다." },
});

interface Props {
  readonly token: string;
  readonly of: ApiKey;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function ChangeRoles({ token, of, onClose, onDone }: Props) {
  const [roles, setRoles] = useState(of.roles);
  const { busy, error, run } = useAction();

  const save = async (event: Event) => {
    event.preventDefault();
    if (!roles.length) return;
    await run(async () => {
      await within(send(admin(token).changeKey(of.id, { roles })));
      toast(say("saved", { name: of.name }));
      onDone();
      onClose();
    });
  };

  return (
    <Dialog title={say("title", { name: of.name })} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <RoleChoice chosen={roles} onChange={setRoles} wrong={roles.length ? undefined : say("none")} />
        <p class="soft small">{say("at")}</p>
        {error !== undefined && <Problem error={error} />}
        <FormActions submit={say("save")} disabled={busy || !roles.length} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
