import { beginnings } from "../../api/programs";
import { to } from "../../routes";
import { words } from "../../state/language";
import { key } from "../../state/session";
import { CodeTabs } from "../../ui/Code";

const say = words({
  none: { en: "No index yet", ko: "아직 인덱스가 없습니다" },
  three: { en: "There are three ways to begin.", ko: "시작하는 방법은 세 가지입니다." },
  sample: { en: "Look around with a sample", ko: "예제로 둘러보기" },
  sample_why: {
    en: "Loads a small index and shows in two minutes what it can do. Nothing is downloaded.",
    ko: "작은 인덱스를 불러와 2분 동안 무엇을 할 수 있는지 보여 줍니다. 내려받는 것은 없습니다.",
  },
  tour: { en: "Load a sample and take the tour", ko: "예제를 불러와 둘러보기" },
  own: { en: "Create your own", ko: "직접 만들기" },
  own_why: {
    en: "For texts, which a model of this server turns into vectors, or for vectors that you have.",
    ko: "이 서버의 모델이 벡터로 바꿔 줄 텍스트나, 이미 가지고 있는 벡터를 담습니다.",
  },
  create: { en: "Create an index", ko: "인덱스 만들기" },
  code: { en: "Begin in a program", ko: "프로그램에서 시작하기" },
  code_why: {
    en: "The official Pinecone SDKs work with this server as they are.",
    ko: "공식 Pinecone SDK를 그대로 이 서버와 함께 쓸 수 있습니다.",
  },
});

/** What a new server shows. */
export function Begin({ onCreate }: { onCreate: () => void }) {
  return (
    <div class="stack">
      <div class="begin-title">
        <h2>{say("none")}</h2>
        <p class="soft">{say("three")}</p>
      </div>
      <div class="columns begin">
        <section class="panel stack tight">
          <h3>{say("sample")}</h3>
          <p class="soft grow">{say("sample_why")}</p>
          <div>
            <a class="button primary" href={to.tour()}>
              {say("tour")}
            </a>
          </div>
        </section>
        <section class="panel stack tight">
          <h3>{say("own")}</h3>
          <p class="soft grow">{say("own_why")}</p>
          <div>
            <button type="button" class="button" onClick={onCreate}>
              {say("create")}
            </button>
          </div>
        </section>
      </div>
      <section class="panel stack tight">
        <h3>{say("code")}</h3>
        <p class="soft">{say("code_why")}</p>
        <CodeTabs texts={beginnings({ origin: location.origin, withKey: key.value !== "" })} />
      </section>
    </div>
  );
}
