import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { type Assistant, fetchAssistants, fetchFiles } from "../../api/assistants";
import { to } from "../../routes";
import { bytes, moment, words } from "../../state/language";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { AssistantForm } from "./AssistantForm";

const say = words({
  title: { en: "Assistants", ko: "어시스턴트" },
  about: {
    en: "An assistant answers questions from the files that you give it, and shows where each sentence comes from.",
    ko: "어시스턴트는 올려 둔 파일에서 답을 찾고, 문장마다 출처를 보여 줍니다.",
  },
  create: { en: "Create an assistant", ko: "어시스턴트 만들기" },
  find: { en: "Find by name", ko: "이름으로 찾기" },
  none: { en: "No assistant yet", ko: "아직 어시스턴트가 없습니다" },
  begin: {
    en: "Create one, upload a few files, and ask. Nothing leaves this machine unless you chose a model that is elsewhere.",
    ko: "하나 만들어 파일을 올리고 질문해 보세요. 외부 모델을 고르지 않는 한 데이터는 이 컴퓨터 밖으로 나가지 않습니다.",
  },
  nothing: { en: "No assistant has such a name.", ko: "그런 이름의 어시스턴트가 없습니다." },
  files: { en: { one: "{count} file", other: "{count} files" }, ko: "파일 {count}개" },
  empty: { en: "no files yet", ko: "파일 없음" },
  instructions: { en: "No instructions", ko: "지시문 없음" },
  changed: { en: "Changed {when}", ko: "{when} 수정" },
});

export function List() {
  const { route } = useLocation();
  const assistants = useCall(fetchAssistants, []);
  const [wanted, setWanted] = useState("");
  const [creating, setCreating] = useState(false);
  const all = assistants.answer ?? [];
  const shown = all.filter((one) => one.name.includes(wanted.trim().toLowerCase()));
  const create = (
    <button type="button" class="button primary" onClick={() => setCreating(true)}>
      {say("create")}
    </button>
  );

  return (
    <Page title={say("title")} actions={create}>
      <p class="soft">{say("about")}</p>
      {assistants.error !== undefined && <Problem error={assistants.error} again={assistants.again} />}
      {!assistants.answer && assistants.waiting && <Waiting />}
      {assistants.answer?.length === 0 && (
        <Empty title={say("none")}>
          <p>{say("begin")}</p>
        </Empty>
      )}
      {all.length > 3 && (
        <input
          class="input"
          type="search"
          data-main-search
          aria-label={say("find")}
          placeholder={say("find")}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      <ul class="grid ask-cards">
        {shown.map((one) => (
          <Card key={one.name} assistant={one} />
        ))}
      </ul>
      {all.length > 0 && shown.length === 0 && <p class="soft">{say("nothing")}</p>}
      {creating && <AssistantForm onClose={() => setCreating(false)} onDone={(made) => route(to.ask(made.name))} />}
    </Page>
  );
}

function Card({ assistant }: { assistant: Assistant }) {
  const files = useCall((signal) => fetchFiles(assistant.name, "", signal), [assistant.name]);
  const size = files.answer?.reduce((sum, file) => sum + file.size, 0) ?? 0;
  const count = files.answer?.length ?? 0;
  return (
    <li class="panel ask-card">
      <h2>
        <a href={to.ask(assistant.name)}>{assistant.name}</a>
        {assistant.status !== "Ready" && <span class="badge warn">{assistant.status}</span>}
      </h2>
      <p class="data soft clip">{assistant.instructions || say("instructions")}</p>
      <p class="small row spread">
        <span>{files.answer ? (count ? `${say("files", { count })} · ${bytes(size)}` : say("empty")) : "…"}</span>
        <span class="soft">{say("changed", { when: moment(assistant.updated_at) })}</span>
      </p>
    </li>
  );
}
