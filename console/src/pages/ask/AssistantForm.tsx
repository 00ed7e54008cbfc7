import { useState } from "preact/hooks";
import { type Assistant, createAssistant, updateAssistant } from "../../api/assistants";
import { send } from "../../api/client";
import { bytes, words } from "../../state/language";
import { Dialog } from "../../ui/Dialog";
import { TextArea, TextField } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { Problem } from "../../ui/Problem";
import { useAction } from "../../ui/useAction";
import { filterWrong } from "./settings";

const say = words({
  create: { en: "Create an assistant", ko: "어시스턴트 만들기" },
  change: { en: "Change {name}", ko: "{name} 수정" },
  name: { en: "Name", ko: "이름" },
  nameHint: {
    en: "1 to 63 lower-case letters, digits and hyphens. It cannot be changed later.",
    ko: "영문 소문자, 숫자, 하이픈으로 63자까지. 나중에 바꿀 수 없습니다.",
  },
  nameWrong: {
    en: "Use lower-case letters, digits and hyphens, with a letter or digit at both ends.",
    ko: "영문 소문자, 숫자, 하이픈만 쓰고, 처음과 끝은 문자나 숫자여야 합니다.",
  },
  instructions: { en: "Instructions", ko: "지시문" },
  instructionsHint: {
    en: "How to answer: tone, length, language. {size} of 16 KiB. A tiny model such as smollm2 does not follow them.",
    ko: "말투, 길이, 언어 등 답하는 방식. 16 KiB 중 {size}. smollm2처럼 작은 모델은 따르지 않습니다.",
  },
  tooLong: { en: "At most 16 KiB.", ko: "16 KiB까지 쓸 수 있습니다." },
  metadata: { en: "Metadata (JSON)", ko: "메타데이터 (JSON)" },
  metadataHint: { en: 'An object of your own, such as {"team": "coast"}.', ko: '예: {"team": "coast"}' },
  notObject: { en: "This is not a JSON object.", ko: "JSON 객체가 아닙니다." },
  save: { en: "Save", ko: "저장" },
});

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MOST = 16 * 1024;

interface Props {
  /** The one to change; without it, a new one is made. */
  readonly assistant?: Assistant;
  readonly onClose: () => void;
  readonly onDone: (assistant: Assistant) => void;
}

export function AssistantForm({ assistant, onClose, onDone }: Props) {
  const [name, setName] = useState(assistant?.name ?? "");
  const [instructions, setInstructions] = useState(assistant?.instructions ?? "");
  const [metadata, setMetadata] = useState(assistant?.metadata ? JSON.stringify(assistant.metadata, null, 2) : "");
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();
  const size = new TextEncoder().encode(instructions).length;
  const badName = !assistant && !NAME.test(name);
  const badMetadata = filterWrong(metadata) !== undefined;

  const save = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (badName || badMetadata || size > MOST) return;
    const about = { instructions, metadata: metadata.trim() ? (JSON.parse(metadata) as unknown) : {} };
    await run(async () => {
      const call = assistant ? updateAssistant(assistant.name, about) : createAssistant({ name, ...about });
      onDone(await send<Assistant>(call));
      onClose();
    });
  };

  return (
    <Dialog title={assistant ? say("change", { name: assistant.name }) : say("create")} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        {!assistant && (
          <TextField
            label={say("name")}
            hint={say("nameHint")}
            wrong={tried && badName ? say("nameWrong") : undefined}
            value={name}
            onInput={setName}
            autocomplete="off"
            spellcheck={false}
          />
        )}
        <TextArea
          label={say("instructions")}
          hint={say("instructionsHint", { size: bytes(size) })}
          wrong={size > MOST ? say("tooLong") : undefined}
          value={instructions}
          onInput={setInstructions}
          rows={4}
        />
        <TextArea
          label={say("metadata")}
          hint={say("metadataHint")}
          wrong={tried && badMetadata ? say("notObject") : undefined}
          value={metadata}
          onInput={setMetadata}
          rows={3}
          mono
          spellcheck={false}
        />
        {error !== undefined && <Problem error={error} />}
        <FormActions submit={assistant ? say("save") : say("create")} disabled={busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
