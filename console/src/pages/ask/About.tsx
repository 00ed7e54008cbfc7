import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { type Assistant, deleteAssistant, type StoredFile } from "../../api/assistants";
import { send } from "../../api/client";
import { to } from "../../routes";
import { bytes, moment, words } from "../../state/language";
import { toast } from "../../state/toasts";
import { Code, CodeTabs } from "../../ui/Code";
import { Confirm } from "../../ui/Confirm";
import { Waiting } from "../../ui/Waiting";
import { AssistantForm } from "./AssistantForm";
import { codeOf } from "./code";

const say = words({
  status: { en: "Status", ko: "상태" },
  created: { en: "Created", ko: "만든 때" },
  changed: { en: "Changed", ko: "수정한 때" },
  files: { en: "Files", ko: "파일" },
  filesAre: { en: "{count}, {size}", ko: "{count}개, {size}" },
  instructions: { en: "Instructions", ko: "지시문" },
  metadata: { en: "Metadata", ko: "메타데이터" },
  none: { en: "none", ko: "없음" },
  edit: { en: "Change…", ko: "수정…" },
  remove: { en: "Delete…", ko: "삭제…" },
  removeTitle: { en: "Delete {name}", ko: "{name} 삭제" },
  removeAbout: {
    en: "The assistant goes with all of its files ({files}) and what was read from them. This cannot be undone.",
    ko: "어시스턴트와 모든 파일({files}), 파일에서 읽은 내용이 함께 지워집니다. 되돌릴 수 없습니다.",
  },
  removed: { en: "{name} was deleted.", ko: "{name} 삭제 완료." },
  action: { en: "Delete", ko: "삭제" },
  code: { en: "Ask it from a program", ko: "프로그램에서 질문하기" },
  question: { en: "What do the files say?", ko: "파일에 어떤 내용이 있나요?" },
});

interface Props {
  readonly name: string;
  readonly assistant: Assistant | undefined;
  readonly files: readonly StoredFile[] | undefined;
  readonly again: () => void;
}

/** What the assistant is told, and what becomes of it. */
export function About({ name, assistant, files = [], again }: Props) {
  const { route } = useLocation();
  const [dialog, setDialog] = useState<"edit" | "delete">();
  const size = bytes(files.reduce((sum, file) => sum + file.size, 0));
  const filesAre = files.length ? say("filesAre", { count: files.length, size }) : say("none");
  const close = () => setDialog(undefined);
  const remove = async () => {
    await send(deleteAssistant(name));
    toast(say("removed", { name }));
    route(to.ask());
  };

  return (
    <div class="stack">
      <section class="panel stack">
        {!assistant && <Waiting />}
        {assistant && (
          <dl class="facts">
            <dt>{say("status")}</dt>
            <dd>{assistant.status}</dd>
            <dt>{say("files")}</dt>
            <dd>{filesAre}</dd>
            <dt>{say("created")}</dt>
            <dd>{moment(assistant.created_at)}</dd>
            <dt>{say("changed")}</dt>
            <dd>{moment(assistant.updated_at)}</dd>
            <dt>{say("instructions")}</dt>
            <dd class="data lines">{assistant.instructions || say("none")}</dd>
            <dt>{say("metadata")}</dt>
            <dd>
              {Object.keys(assistant.metadata ?? {}).length ? (
                <Code text={JSON.stringify(assistant.metadata, null, 2)} />
              ) : (
                say("none")
              )}
            </dd>
          </dl>
        )}
        <div class="row">
          <button type="button" class="button" disabled={!assistant} onClick={() => setDialog("edit")}>
            {say("edit")}
          </button>
          <button type="button" class="button danger" onClick={() => setDialog("delete")}>
            {say("remove")}
          </button>
        </div>
      </section>
      <section class="panel stack tight">
        <h2>{say("code")}</h2>
        <CodeTabs
          texts={codeOf(location.origin, name, {
            messages: [{ role: "user", content: say("question") }],
            include_highlights: true,
          })}
        />
      </section>
      {dialog === "edit" && assistant && <AssistantForm assistant={assistant} onClose={close} onDone={again} />}
      {dialog === "delete" && (
        <Confirm
          title={say("removeTitle", { name })}
          action={say("action")}
          typed={name}
          onClose={close}
          onConfirm={remove}
        >
          <p>{say("removeAbout", { files: filesAre })}</p>
        </Confirm>
      )}
    </div>
  );
}
