import { words } from "../../state/language";
import { type Answer, isRefusal, lacksModel } from "./answer";

const say = words({
  refused: { en: "Refused", ko: "답 없음" },
  refusedWeak: {
    en: "No passage of the files speaks to this question clearly enough, so no model was asked. See what comes nearest under “What was found”.",
    ko: "질문과 충분히 관련된 구절이 없어 모델에 묻지 않았습니다. 가장 가까운 구절은 “찾은 구절”에서 볼 수 있습니다.",
  },
  refusedModel: {
    en: "Passages were found, but they do not say this.",
    ko: "관련 구절은 찾았지만 그 안에 답이 없습니다.",
  },
  quoted: { en: "Quoted", ko: "인용" },
  quotedAbout: {
    en: "These are the files’ own sentences. The model that writes here is too small to be trusted with this answer, or does not write this language.",
    ko: "파일에 있는 문장을 그대로 옮겼습니다. 이 서버의 모델은 이 답을 맡기기에 작거나 이 언어로 쓰지 못합니다.",
  },
  stopped: { en: "Stopped", ko: "멈춤" },
  stoppedAbout: { en: "What came until then stands.", ko: "그때까지의 내용은 그대로 남습니다." },
  broken: { en: "Broke off", ko: "중단됨" },
  brokenAbout: {
    en: "The connection ended before the answer did: the server stopped, or cannot be reached. What came until then stands; ask again once it is back.",
    ko: "답이 끝나기 전에 연결이 끊겼습니다. 서버가 멈췄거나 연결할 수 없습니다. 그때까지의 내용은 남아 있으니 잠시 후 다시 물어보세요.",
  },
  noModel: {
    en: "A server without a writing model still finds: these passages of the files come nearest to the question, in their own words. If “How answers are made” lists a model, you may choose it there.",
    ko: "글을 쓰는 모델이 없어도 검색은 됩니다. 질문에 가장 가까운 구절을 원문 그대로 보여 줍니다. “답변 설정”에 모델이 있으면 골라서 쓸 수 있습니다.",
  },
});

/** What is to be known of an answer beside its text: that it is a refusal, a quotation, or not whole. */
export function Remark({ answer, quoted }: { answer: Answer; quoted: boolean }) {
  if (lacksModel(answer)) return <p class="soft small">{say("noModel")}</p>;
  if (answer.state === "stopped") return <Said tone="" head={say("stopped")} text={say("stoppedAbout")} />;
  if (answer.state === "broken") {
    return <Said tone="bad" head={say("broken")} text={answer.failure?.message || say("brokenAbout")} alert />;
  }
  if (isRefusal(answer)) {
    return (
      <Said tone="warn" head={say("refused")} text={say(answer.snippets === 0 ? "refusedWeak" : "refusedModel")} />
    );
  }
  return quoted ? <Said tone="" head={say("quoted")} text={say("quotedAbout")} /> : null;
}

function Said({ tone, head, text, alert }: { tone: string; head: string; text: string; alert?: boolean }) {
  return (
    <p class="small remark" {...(alert ? { role: "alert" as const } : {})}>
      <span class={`badge ${tone}`}>{head}</span> <span class="soft data">{text}</span>
    </p>
  );
}
