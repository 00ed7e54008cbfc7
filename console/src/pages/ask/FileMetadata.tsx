import { useState } from "preact/hooks";
import { type StoredFile, uploadFile } from "../../api/assistants";
import { upload } from "../../api/upload";
import { percent, words } from "../../state/language";
import { Dialog } from "../../ui/Dialog";
import { TextArea } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { Problem } from "../../ui/Problem";
import { fetchBytes } from "./Download";
import { filterWrong } from "./settings";

const say = words({
  title: { en: "Metadata of {name}", ko: "{name}의 메타데이터" },
  label: { en: "Metadata (JSON)", ko: "메타데이터 (JSON)" },
  hint: { en: "Strings, numbers, booleans and lists of strings.", ko: "문자열, 숫자, 참/거짓, 문자열 목록." },
  notObject: { en: "This is not a JSON object.", ko: "JSON 객체가 아닙니다." },
  about: {
    en: "The API takes metadata together with the file only. So the console fetches the file and sends it again under the same id; until it is read again, answers go without it.",
    ko: "API는 메타데이터를 파일과 함께만 받습니다. 그래서 파일을 받아 같은 ID로 다시 보냅니다. 다시 읽을 때까지 이 파일은 답변에서 빠집니다.",
  },
  save: { en: "Replace with this metadata", ko: "이 메타데이터로 교체" },
  saving: { en: "Sending, {share}", ko: "보내는 중, {share}" },
});

interface Props {
  readonly assistant: string;
  readonly file: StoredFile;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function FileMetadata({ assistant, file, onClose, onDone }: Props) {
  const [text, setText] = useState(file.metadata ? JSON.stringify(file.metadata, null, 2) : "");
  const [share, setShare] = useState<number>();
  const [error, setError] = useState<unknown>();
  const bad = filterWrong(text) !== undefined;

  const save = async (event: Event) => {
    event.preventDefault();
    if (bad) return;
    setError(undefined);
    setShare(0);
    try {
      const same = new File([await fetchBytes(assistant, file.id)], file.name);
      const metadata = text.trim() ? (JSON.parse(text) as unknown) : undefined;
      await upload(uploadFile(assistant, same, metadata, file.id), setShare);
      onDone();
      onClose();
    } catch (error) {
      setError(error);
      setShare(undefined);
    }
  };
  return (
    <Dialog title={say("title", { name: file.name })} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <TextArea
          label={say("label")}
          hint={say("hint")}
          wrong={bad ? say("notObject") : undefined}
          value={text}
          onInput={setText}
          rows={6}
          mono
          spellcheck={false}
        />
        <p class="soft small">{say("about")}</p>
        {error !== undefined && <Problem error={error} />}
        <FormActions submit={say("save")} disabled={bad || share !== undefined} onCancel={onClose}>
          {share !== undefined && <span class="soft">{say("saving", { share: percent(share, 0) })}</span>}
        </FormActions>
      </form>
    </Dialog>
  );
}
