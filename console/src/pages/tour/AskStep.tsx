import type { Call } from "../../api/client";
import { to } from "../../routes";
import { words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";

const say = words({
  what: {
    en: "An assistant reads your files, finds the passages that answer a question, and answers with citations that you can open. Every sentence is checked against its sources before you see it; when nothing supports an answer, it says so.",
    ko: "어시스턴트는 여러분의 파일을 읽고, 질문에 답하는 구절을 찾아, 열어 볼 수 있는 인용과 함께 답합니다. 모든 문장은 보여 주기 전에 출처와 대조하고, 근거가 없으면 없다고 답합니다.",
  },
  how: {
    en: "Make one on the Ask page, drop a file on it (PDF, Word, HTML, Markdown, text), and ask in English or Korean. The answer’s words come from a small local model, or are quoted from the file where there is none.",
    ko: "질문하기 화면에서 어시스턴트를 만들고 파일(PDF, Word, HTML, Markdown, 텍스트)을 올린 뒤 영어나 한국어로 질문하세요. 답은 작은 로컬 모델이 쓰며, 모델이 없으면 파일의 문장을 그대로 인용합니다.",
  },
  go: { en: "To the Ask page", ko: "질문하기 화면으로" },
});

const CREATE: Call = {
  method: "POST",
  path: "/assistant/assistants",
  body: { name: "library", instructions: "Answer briefly." },
};

export function AskStep() {
  return (
    <>
      <p>{say("what")}</p>
      <p>{say("how")}</p>
      <p>
        <a class="button" href={to.ask()}>
          {say("go")}
        </a>
      </p>
      <AsCode call={CREATE} />
    </>
  );
}
