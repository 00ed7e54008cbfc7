import { fetchAssistant, fetchFileLimit } from "../../api/assistants";
import { to, withQuery } from "../../routes";
import { number, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { toast } from "../../state/toasts";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { About } from "./About";
import { Chat } from "./Chat";
import { FilesView } from "./FilesView";
import { Passages } from "./Passages";
import { useConversation } from "./useConversation";
import { useFiles } from "./useFiles";
import { useUploads } from "./useUploads";

const say = words({
  assistants: { en: "Assistants", ko: "어시스턴트" },
  views: { en: "Views of this assistant", ko: "이 어시스턴트의 화면" },
  chat: { en: "Chat", ko: "대화" },
  files: { en: "Files", ko: "파일" },
  passages: { en: "Passages", ko: "근거 검색" },
  about: { en: "About", ko: "설정" },
  sent: { en: "{name} was uploaded; it is being read now.", ko: "{name} 업로드 완료. 지금 읽는 중입니다." },
});

const VIEWS = ["chat", "files", "passages", "about"] as const;

export function AssistantPage({ name }: { name: string }) {
  const [query] = useQuery();
  const here = VIEWS.find((view) => view === query.tab) ?? "chat";
  const assistant = useCall((signal) => fetchAssistant(name, signal), [name]);
  const files = useFiles(name);
  const limit = useCall((signal) => fetchFileLimit(signal).catch(() => undefined), []);
  // Both go on while another view is shown.
  const conversation = useConversation(name);
  const uploads = useUploads(name, limit.answer, (file) => {
    toast(say("sent", { name: file.name }));
    files.again();
  });

  const crumbs = (
    <p class="crumbs">
      <a href={to.ask()}>{say("assistants")}</a> /
    </p>
  );
  return (
    <Page title={name} above={crumbs}>
      <nav class="tabs" aria-label={say("views")}>
        {VIEWS.map((view) => (
          <a
            key={view}
            href={withQuery(to.ask(name), { ...query, tab: view === "chat" ? undefined : view })}
            {...(view === here ? { "aria-current": "page" as const } : {})}
          >
            {say(view)}
            {view === "files" && files.answer ? ` ${number(files.answer.length)}` : ""}
          </a>
        ))}
      </nav>
      {assistant.error !== undefined && <Problem error={assistant.error} again={assistant.again} />}
      {here === "chat" && <Chat assistant={name} conversation={conversation} files={files.answer} />}
      {here === "files" && <FilesView assistant={name} files={files} uploads={uploads} limit={limit.answer} />}
      {here === "passages" && <Passages assistant={name} />}
      {here === "about" && (
        <About name={name} assistant={assistant.answer} files={files.answer} again={assistant.again} />
      )}
    </Page>
  );
}
