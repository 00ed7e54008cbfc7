import { useState } from "preact/hooks";
import type { ChatBody } from "../../api/assistants";
import { number, words } from "../../state/language";
import { CodeTabs } from "../../ui/Code";
import { Copy } from "../../ui/Copy";
import { Problem } from "../../ui/Problem";
import { type Answer, isOpen, isQuoted, isRefusal, lacksModel } from "./answer";
import { codeOf } from "./code";
import { withSources } from "./conversation";
import { Nearest } from "./Nearest";
import { Remark } from "./Remark";
import { SourceList } from "./SourceList";
import { brief, type Settings } from "./settings";
import { errorOf } from "./stream";
import { Words } from "./Words";

const say = words({
  looking: { en: "Looking in the files", ko: "파일에서 찾는 중" },
  writing: { en: "Writing", ko: "답하는 중" },
  stop: { en: "Stop", ko: "멈추기" },
  retry: { en: "Ask again", ko: "다시 묻기" },
  code: { en: "Code", ko: "코드" },
  found: { en: "What was found", ko: "찾은 구절" },
  usage: {
    en: "{prompt} tokens read, {completion} written",
    ko: "토큰 {prompt}개 읽음, {completion}개 씀",
  },
  unasked: { en: "no model was needed", ko: "모델을 쓰지 않음" },
  seconds: { en: "{seconds} s", ko: "{seconds}초" },
});

interface Props {
  readonly assistant: string;
  /** Of the side, where two are compared. */
  readonly name: string | undefined;
  readonly settings: Settings;
  readonly answer: Answer;
  readonly body: () => ChatBody;
  /** The source that is open; null for all that was found. */
  readonly shown: number | null | undefined;
  readonly onShow: (source: number | null) => void;
  readonly onRetry: () => void;
  readonly onStop: () => void;
}

export function AnswerView(props: Props) {
  const { assistant, name, settings, answer, body, shown, onShow, onRetry, onStop } = props;
  const [coded, setCoded] = useState(false);
  const open = isOpen(answer);
  const withoutModel = lacksModel(answer);

  return (
    <section class="answer" aria-busy={open} aria-label={name}>
      {(name || brief(settings).length > 0) && (
        <p class="row small">
          {name && <strong class="lane">{name}</strong>}
          {brief(settings).map((part) => (
            <span key={part} class="badge mono data">
              {part}
            </span>
          ))}
        </p>
      )}
      <div class={isRefusal(answer) ? "said refusal" : "said"}>
        <Words answer={answer} plain={settings.json} shown={shown} onShow={onShow} />
      </div>
      {open && (
        <p class="row soft" role="status">
          <span class="spinner" aria-hidden="true" /> {say(answer.state === "waiting" ? "looking" : "writing")}…
          <button type="button" class="button small" onClick={onStop}>
            {say("stop")}
          </button>
        </p>
      )}
      {answer.state === "failed" && answer.failure && <Problem error={errorOf(answer.failure)} again={onRetry} />}
      <Remark answer={answer} quoted={isQuoted(answer)} />
      {withoutModel && <Nearest assistant={assistant} body={body} />}
      {answer.sources.length > 0 && <SourceList sources={answer.sources} shown={shown} onShow={onShow} />}
      {!open && (
        <footer class="row small">
          {answer.text && <Copy text={withSources(answer)} />}
          {answer.state !== "failed" && (
            <button type="button" class="button small" onClick={onRetry}>
              {say("retry")}
            </button>
          )}
          {!withoutModel && (
            <button type="button" class="button small" aria-pressed={shown === null} onClick={() => onShow(null)}>
              {say("found")}
            </button>
          )}
          <button type="button" class="button small" aria-expanded={coded} onClick={() => setCoded(!coded)}>
            {say("code")}
          </button>
          <Figures answer={answer} />
        </footer>
      )}
      {coded && <CodeTabs texts={codeOf(location.origin, assistant, body())} />}
    </section>
  );
}

function Figures({ answer: { model, usage, milliseconds } }: { answer: Answer }) {
  const parts = [
    model,
    usage && usage.total_tokens === 0 && say("unasked"),
    usage && usage.total_tokens > 0
      ? say("usage", { prompt: usage.prompt_tokens, completion: usage.completion_tokens })
      : "",
    milliseconds !== null && say("seconds", { seconds: number(milliseconds / 1000, milliseconds < 1000 ? 2 : 1) }),
  ].filter(Boolean);
  return <span class="soft figures data">{parts.join(" · ")}</span>;
}
