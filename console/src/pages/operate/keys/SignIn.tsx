import { useState } from "preact/hooks";
import { words } from "../../../state/language";
import { Dialog } from "../../../ui/Dialog";
import { TextField } from "../../../ui/Field";
import { FormActions } from "../../../ui/FormActions";
import { Problem } from "../../../ui/Problem";
import { useAction } from "../../../ui/useAction";
import { signIn } from "./session";

const say = words({
  title: { en: "Client of the admin API", ko: "관리 API 클라이언트" },
  id: { en: "Client id", ko: "클라이언트 ID" },
  secret: { en: "Client secret", ko: "클라이언트 비밀 값" },
  hint: {
    en: "Used once, for a token that lasts half an hour and stays in this tab’s memory. Neither is stored.",
    ko: "30분 동안 유효한 토큰을 받는 데 한 번만 씁니다. 토큰은 이 탭의 메모리에만 두고, 어느 것도 저장하지 않습니다.",
  },
  missing: { en: "Enter both.", ko: "둘 다 입력하세요." },
  go: { en: "Sign in", ko: "로그인" },
});

export function SignIn({ onClose }: { onClose: () => void }) {
  const [id, setId] = useState("");
  const [secret, setSecret] = useState("");
  const [wrong, setWrong] = useState<string>();
  const { busy, error, run } = useAction();

  const submit = async (event: Event) => {
    event.preventDefault();
    if (!id.trim() || !secret.trim()) return setWrong(say("missing"));
    setWrong(undefined);
    await run(async () => {
      await signIn(id.trim(), secret.trim());
      onClose();
    });
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <TextField label={say("id")} mono autocomplete="off" spellcheck={false} value={id} onInput={setId} />
        <TextField
          label={say("secret")}
          hint={say("hint")}
          wrong={wrong}
          type="password"
          mono
          autocomplete="off"
          value={secret}
          onInput={setSecret}
        />
        {error !== undefined && <Problem error={error} />}
        <FormActions submit={say("go")} disabled={busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
