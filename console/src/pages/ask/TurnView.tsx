import { words } from "../../state/language";
import { AnswerView } from "./AnswerView";
import { messagesFor, type Turn } from "./conversation";
import type { Shown } from "./SourcePanel";
import { bodyOf } from "./settings";
import type { Conversation } from "./useConversation";

const say = words({
  asked: { en: "You asked", ko: "질문" },
  edit: { en: "Edit", ko: "고치기" },
});

interface Props {
  readonly assistant: string;
  readonly turn: Turn;
  readonly turns: readonly Turn[];
  readonly conversation: Conversation;
  readonly shown: Shown | undefined;
  readonly onShow: (shown: Shown) => void;
  readonly onEdit: (question: string) => void;
}

/** A question and its answer, or two answers side by side. */
export function TurnView({ assistant, turn, turns, conversation, shown, onShow, onEdit }: Props) {
  const before = turns.slice(0, turns.indexOf(turn));
  const compared = turn.lanes.length > 1;
  return (
    <article class="turn">
      <header class="question">
        <h2 class="hidden-visually">{say("asked")}</h2>
        <p class="data lines">{turn.question}</p>
        <button type="button" class="button quiet small" onClick={() => onEdit(turn.question)}>
          {say("edit")}
        </button>
      </header>
      <div class={compared ? "answers two" : "answers"}>
        {turn.lanes.map(({ settings, answer }, lane) => (
          <AnswerView
            key={lane}
            assistant={assistant}
            name={compared ? "AB"[lane] : undefined}
            settings={settings}
            answer={answer}
            body={() => bodyOf(settings, messagesFor(before, turn.question, lane, settings.history))}
            shown={shown?.lane === lane ? shown.source : undefined}
            onShow={(source) => onShow({ turn: turn.id, lane, source })}
            onRetry={() => conversation.retry(turn.id, lane)}
            onStop={() => conversation.stop(turn.id, lane)}
          />
        ))}
      </div>
    </article>
  );
}
