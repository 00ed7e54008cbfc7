import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { StoredFile } from "../../api/assistants";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Confirm } from "../../ui/Confirm";
import { Copy } from "../../ui/Copy";
import { Empty } from "../../ui/Empty";
import { Composer } from "./Composer";
import { asText } from "./conversation";
import { SettingsPanel } from "./SettingsPanel";
import { type Shown, SourcePanel } from "./SourcePanel";
import { read, wrong } from "./settings";
import { TurnView } from "./TurnView";
import type { Conversation } from "./useConversation";

const say = words({
  log: { en: "Conversation", ko: "대화" },
  empty: { en: "Ask about the files", ko: "파일에 대해 질문하세요" },
  emptyAbout: {
    en: "Each sentence of an answer is checked against the files. Its number opens the passage that says it. What the files do not answer is refused.",
    ko: "답의 모든 문장은 파일과 대조해 확인합니다. 번호를 누르면 근거 구절이 열립니다. 파일에 답이 없으면 없다고 답합니다.",
  },
  noFiles: { en: "There is nothing to answer from yet", ko: "아직 답할 근거가 없습니다" },
  noFilesAbout: {
    en: "Upload a file first: PDF, Word, PowerPoint, Hangul, HTML, Markdown, text, code, …",
    ko: "먼저 파일을 올리세요: PDF, Word, PowerPoint, 한글, HTML, Markdown, 텍스트, 코드 등",
  },
  upload: { en: "Upload files", ko: "파일 올리기" },
  clear: { en: "Clear the conversation", ko: "대화 지우기" },
  clearAbout: {
    en: "This conversation is kept in this tab only. Once cleared, it cannot be brought back.",
    ko: "이 대화는 이 탭에만 보관됩니다. 지우면 되돌릴 수 없습니다.",
  },
  copyAll: { en: "Copy the conversation", ko: "대화 복사" },
  notKept: {
    en: "The browser keeps no more of this conversation: it will be gone when the tab is reloaded. Copy it, or clear it.",
    ko: "대화가 길어 브라우저에 더 보관할 수 없습니다. 탭을 새로 고치면 사라지니 복사하거나 지우세요.",
  },
});

interface Props {
  readonly assistant: string;
  readonly conversation: Conversation;
  /** undefined while it is not known. */
  readonly files: readonly StoredFile[] | undefined;
}

export function Chat({ assistant, conversation, files }: Props) {
  const [query] = useQuery();
  const [shown, setShown] = useState<Shown>();
  const [clearing, setClearing] = useState(false);
  const [edited, setEdited] = useState<{ text: string }>();
  const opener = useRef<Element | null>(null);
  const { turns, busy } = conversation;
  const lanes = query.compare === "yes" ? [0, 1] : [0];
  const settings = lanes.map((lane) => read(query, lane));
  const ready = settings.every((one) => Object.keys(wrong(one)).length === 0);
  useFollowing(turns);

  const open = useCallback((place: Shown) => {
    opener.current = document.activeElement;
    setShown(place);
  }, []);
  const close = useCallback(() => {
    setShown(undefined);
    if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
  }, []);
  const clear = async () => {
    setShown(undefined);
    conversation.clear();
  };

  return (
    <div class={shown ? "ask-chat with-source" : "ask-chat"}>
      <div class="ask-main">
        <SettingsPanel />
        {turns.length > 0 && (
          <div class="row ask-tools">
            <Copy text={asText(turns)} label={say("copyAll")} />
            <button type="button" class="button small" onClick={() => setClearing(true)}>
              {say("clear")}
            </button>
          </div>
        )}
        {!conversation.kept && <p class="notice warn">{say("notKept")}</p>}
        {turns.length === 0 && <Beginning assistant={assistant} files={files} />}
        <div class="ask-log" role="log" aria-label={say("log")}>
          {turns.map((turn) => (
            <TurnView
              key={turn.id}
              assistant={assistant}
              turn={turn}
              turns={turns}
              conversation={conversation}
              shown={shown?.turn === turn.id ? shown : undefined}
              onShow={open}
              onEdit={(text) => setEdited({ text })}
            />
          ))}
        </div>
        <Composer
          assistant={assistant}
          edited={edited}
          busy={busy}
          ready={ready}
          onAsk={(question) => conversation.ask(question, settings)}
          onStop={conversation.stopAll}
        />
      </div>
      {shown && <SourcePanel assistant={assistant} turns={turns} shown={shown} onShow={setShown} onClose={close} />}
      {clearing && (
        <Confirm title={say("clear")} action={say("clear")} onClose={() => setClearing(false)} onConfirm={clear}>
          <p>{say("clearAbout")}</p>
        </Confirm>
      )}
    </div>
  );
}

const NEAR = 320;

/** Keeps the end of a conversation in sight while it grows, unless somebody reads further up. */
function useFollowing(turns: Conversation["turns"]) {
  const count = useRef(0);
  useEffect(() => {
    const page = document.documentElement;
    const near = page.scrollHeight - page.scrollTop - page.clientHeight < NEAR;
    if (turns.length > count.current || near) page.scrollTop = page.scrollHeight;
    count.current = turns.length;
  }, [turns]);
}

function Beginning({ assistant, files }: Pick<Props, "assistant" | "files">) {
  if (files?.length === 0) {
    return (
      <Empty title={say("noFiles")}>
        <p>{say("noFilesAbout")}</p>
        <a class="button primary" href={withQuery(to.ask(assistant), { tab: "files" })}>
          {say("upload")}
        </a>
      </Empty>
    );
  }
  return (
    <Empty title={say("empty")}>
      <p>{say("emptyAbout")}</p>
    </Empty>
  );
}
