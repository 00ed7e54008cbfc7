import { useEffect, useRef, useState } from "preact/hooks";
import { send } from "../../api/client";
import { deleteIndex } from "../../api/indexes";
import { to } from "../../routes";
import { words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { Confirm } from "../../ui/Confirm";
import { Problem } from "../../ui/Problem";
import { COUNT, createTour, INDEX, MODEL } from "./calls";
import { fill, look, place, progress, ready, remember } from "./state";

const say = words({
  what: {
    en: "Two hundred short texts about everyday things, a hundred in English and a hundred in Korean, come with this page. The tour writes them into an index named “{index}” on your own server, and then you search them. Nothing is downloaded, and nothing leaves this machine.",
    ko: "이 화면에는 일상을 다룬 짧은 글 200개(영어 100개, 한국어 100개)가 들어 있습니다. 둘러보기는 이 글을 여러분의 서버에 “{index}”라는 인덱스로 저장하고, 그 안에서 검색합니다. 내려받는 것도, 밖으로 나가는 것도 없습니다.",
  },
  model: { en: "About the model", ko: "모델에 대하여" },
  standIn: {
    en: "The index is made for “{model}”. That is Pinecone’s name for a large hosted model; here a small local model stands in for it (use-multilingual: 512 numbers and zeros up to 1024). It runs on this machine’s processor and knows sixteen languages. It is not that model, and on hard questions it is weaker: judge what you see here as the small model’s work.",
    ko: "이 인덱스는 “{model}” 모델용으로 만듭니다. 이 이름은 Pinecone이 호스팅하는 큰 모델의 것이고, 여기서는 작은 로컬 모델이 대신합니다(use-multilingual: 512개의 숫자에 0을 채워 1024차원). 이 컴퓨터의 프로세서에서 실행되며 16개 언어를 압니다. 원래 모델과 같지 않고 어려운 질문에는 더 약하므로, 여기서 보는 결과는 작은 모델의 결과로 보아 주세요.",
  },
  make: { en: "Make the index and write the texts", ko: "인덱스를 만들고 글 저장하기" },
  resume: { en: "Write the remaining {count}", ko: "남은 {count}개 저장하기" },
  stop: { en: "Stop", ko: "멈추기" },
  writing: {
    en: "{count} of {all} texts are embedded and stored",
    ko: "{all}개 중 {count}개를 임베딩하고 저장했습니다",
  },
  partly: {
    en: "An earlier visit stopped at {count} of {all} texts. Go on where it stopped, or delete the index and begin anew.",
    ko: "지난번에 {all}개 중 {count}개까지 저장하고 멈췄습니다. 이어서 저장하거나, 인덱스를 지우고 새로 시작할 수 있습니다.",
  },
  there: {
    en: "The index is there, with all {all} texts. Go on to the next step.",
    ko: "글 {all}개가 모두 저장된 인덱스가 있습니다. 다음 단계로 넘어가세요.",
  },
  foreign: {
    en: "There is an index named “{index}” already, with {count} records, and this tour did not make it. The tour will not write to it.",
    ko: "이름이 “{index}”인 인덱스가 이미 있고(레코드 {count}개), 이 둘러보기가 만든 것이 아닙니다. 여기에는 아무것도 쓰지 않습니다.",
  },
  use: { en: "Use it as it is", ko: "그대로 사용하기" },
  using: {
    en: "The steps search it as it is. Results and filters may look different from what the texts say.",
    ko: "이 인덱스를 그대로 검색합니다. 결과와 필터가 설명과 다를 수 있습니다.",
  },
  mute: {
    en: "It has no model of its own, so that it cannot be searched by text.",
    ko: "이 인덱스에는 모델이 없어 글로 검색할 수 없습니다.",
  },
  see: { en: "Look at it", ko: "인덱스 보기" },
  remove: { en: "Delete it and begin anew", ko: "지우고 새로 시작하기" },
  removeTitle: { en: "Delete index {name}?", ko: "인덱스 {name}을(를) 삭제할까요?" },
  removeAction: { en: "Delete", ko: "삭제" },
  removeAbout: {
    en: "All of its {count} records are deleted. This cannot be undone.",
    ko: "레코드 {count}개가 모두 삭제됩니다. 되돌릴 수 없습니다.",
  },
});

export function Start() {
  const [count, setCount] = useState<number>();
  const [error, setError] = useState<unknown>();
  const [removes, setRemoves] = useState(false);
  const controller = useRef<AbortController>(undefined);
  useEffect(() => () => controller.current?.abort(), []);
  const at = place.value;
  const busy = count !== undefined;

  const run = async () => {
    controller.current = new AbortController();
    setError(undefined);
    setCount(at?.is === "there" ? at.count : 0);
    try {
      await fill(setCount, controller.current.signal);
      remember({ done: [...new Set([...progress.value.done, "start" as const])] });
    } catch (error) {
      if (!(error instanceof DOMException)) setError(error); // a stop is no problem
    }
    await look();
    setCount(undefined);
  };

  return (
    <>
      <p>{say("what", { index: INDEX })}</p>
      <aside class="notice">
        <strong>{say("model")}</strong>
        <p>{say("standIn", { model: MODEL })}</p>
      </aside>
      {error !== undefined && <Problem error={error} again={run} />}
      <div aria-live="polite" class="stack tight">
        {busy && (
          <>
            <progress
              class="tour-progress"
              value={count}
              max={COUNT}
              aria-label={say("writing", { count, all: COUNT })}
            />
            <p class="row spread">
              {say("writing", { count, all: COUNT })}
              <button type="button" class="button small" onClick={() => controller.current?.abort()}>
                {say("stop")}
              </button>
            </p>
          </>
        )}
        {!busy && at?.is === "absent" && (
          <p>
            <button type="button" class="button primary" onClick={run}>
              {say("make")}
            </button>
          </p>
        )}
        {!busy && at?.is === "there" && (
          <div class={`notice stack tight ${at.ours ? "" : "warn"}`}>
            <p>
              {!at.ours && say("foreign", { index: INDEX, count: at.count })}
              {at.ours && say(at.count >= COUNT ? "there" : "partly", { count: at.count, all: COUNT })}{" "}
              {!at.ours && !at.searchable && say("mute")}
              {!at.ours && ready.value && say("using")}
            </p>
            <div class="row">
              {at.ours && at.count < COUNT && (
                <button type="button" class="button primary" onClick={run}>
                  {say("resume", { count: COUNT - at.count })}
                </button>
              )}
              {!at.ours && at.searchable && !progress.value.uses && (
                <button type="button" class="button primary" onClick={() => remember({ uses: true })}>
                  {say("use")}
                </button>
              )}
              <a class="button" href={to.index(INDEX)}>
                {say("see")}
              </a>
              <button type="button" class="button danger" onClick={() => setRemoves(true)}>
                {say("remove")}
              </button>
            </div>
          </div>
        )}
      </div>
      <AsCode call={createTour()} />
      {removes && at?.is === "there" && (
        <Confirm
          title={say("removeTitle", { name: INDEX })}
          action={say("removeAction")}
          typed={INDEX}
          onClose={() => setRemoves(false)}
          onConfirm={async () => {
            await send(deleteIndex(INDEX));
            remember({ uses: false });
            await look();
          }}
        >
          <p>{say("removeAbout", { count: at.count })}</p>
        </Confirm>
      )}
    </>
  );
}
