import { useEffect, useRef } from "preact/hooks";
import { type ContextBody, fetchSnippets, type Snippet } from "../../api/assistants";
import { words } from "../../state/language";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import type { Source } from "./answer";
import { messagesFor, type Turn } from "./conversation";
import { Download } from "./Download";
import { Passage, pagesOf } from "./Passage";
import { highlighted, passageOf } from "./passages";
import { type Settings, sizesOf } from "./settings";

const say = words({
  source: { en: "Source {number}", ko: "출처 {number}" },
  found: { en: "What was found", ko: "찾은 구절" },
  foundAbout: {
    en: "Passages of the files for this question, best first, with its words marked. Answers are made from the first of them.",
    ko: "이 질문으로 찾은 구절을 가까운 순서로 보여 줍니다. 질문의 단어를 표시했으며, 답은 앞쪽 구절로 만듭니다.",
  },
  nothing: { en: "Nothing was found.", ko: "찾은 구절이 없습니다." },
  close: { en: "Close", ko: "닫기" },
  others: { en: "Sources of this answer", ko: "이 답의 출처" },
  quote: { en: "What is cited", ko: "인용한 문장" },
  noQuote: {
    en: "This answer was asked for without highlights, so only the file is known. Shown is its best passage.",
    ko: "하이라이트 없이 받은 답이라 파일만 알 수 있습니다. 그 파일에서 가장 가까운 구절을 보여 줍니다.",
  },
  elsewhere: {
    en: "The passage around it is not among those that are found for this question now: it stands beside one of them, or the file was changed.",
    ko: "이 문장이 든 구절은 지금 검색 결과에 없습니다. 옆 구절에 있거나 파일이 바뀌었습니다.",
  },
});

/** source: its number in the answer; null for all that was found. */
export interface Shown {
  readonly turn: string;
  readonly lane: number;
  readonly source: number | null;
}

interface Props {
  readonly assistant: string;
  readonly turns: readonly Turn[];
  readonly shown: Shown;
  readonly onShow: (shown: Shown) => void;
  readonly onClose: () => void;
}

/** Beside a conversation: the passage that a number stands for, or everything that was found for a question. */
export function SourcePanel({ assistant, turns, shown, onShow, onClose }: Props) {
  const head = useRef<HTMLHeadingElement>(null);
  const at = turns.findIndex((turn) => turn.id === shown.turn);
  const turn = turns[at];
  const lane = turn?.lanes[shown.lane];
  const sources = lane?.answer.sources ?? [];
  const source = shown.source === null ? undefined : sources[shown.source - 1];
  const found = useCall(
    async (signal) =>
      turn && lane ? fetchSnippets(assistant, asked(turns.slice(0, at), turn, shown.lane), signal) : undefined,
    [assistant, shown.turn, shown.lane],
  );
  const snippets = found.answer?.snippets;

  useEffect(() => head.current?.focus({ preventScroll: true }), [shown]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) onClose();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onClose]);

  return (
    <aside
      class="source-panel panel stack"
      aria-label={source ? say("source", { number: source.number }) : say("found")}
    >
      <header class="row spread">
        <h2 ref={head} tabIndex={-1}>
          {source ? say("source", { number: source.number }) : say("found")}
        </h2>
        <button type="button" class="button small" onClick={onClose}>
          {say("close")}
        </button>
      </header>
      {source && sources.length > 1 && (
        <nav class="row" aria-label={say("others")}>
          {sources.map(({ number }) => (
            <button
              key={number}
              type="button"
              class="button small"
              aria-pressed={number === source.number}
              aria-label={say("source", { number })}
              onClick={() => onShow({ ...shown, source: number })}
            >
              {number}
            </button>
          ))}
        </nav>
      )}
      {source && <About assistant={assistant} source={source} />}
      {found.error !== undefined && <Problem error={found.error} again={found.again} />}
      {!snippets && found.waiting && <Waiting />}
      {snippets && source && <Cited snippets={snippets} source={source} />}
      {snippets && !source && <Everything snippets={snippets} question={turn?.question ?? ""} />}
    </aside>
  );
}

/** As the answer was asked for, with more passages than it was made from. */
function asked(before: readonly Turn[], turn: Turn, lane: number): ContextBody {
  const settings = turn.lanes[lane]?.settings as Settings;
  const sizes = sizesOf(settings);
  return {
    messages: messagesFor(before, turn.question, lane, settings.history),
    ...(settings.filter.trim() ? { filter: JSON.parse(settings.filter) as unknown } : {}),
    ...sizes,
    top_k: Math.max(16, sizes.top_k ?? 0),
  };
}

function About({ assistant, source }: { assistant: string; source: Source }) {
  return (
    <div class="stack tight">
      <p class="row spread">
        <strong class="data">
          {source.fileName}
          {source.pages.length > 0 && <span class="soft"> {pagesOf(source.pages)}</span>}
        </strong>
        <Download assistant={assistant} id={source.fileId} name={source.fileName} />
      </p>
      {!source.quote && <p class="soft small">{say("noQuote")}</p>}
    </div>
  );
}

function Cited({ snippets, source }: { snippets: readonly Snippet[]; source: Source }) {
  const found = passageOf(snippets, source.fileId, source.quote);
  if (!found) {
    return (
      <>
        <blockquote class="data lines" aria-label={say("quote")}>
          {source.quote}
        </blockquote>
        <p class="soft small">{say("elsewhere")}</p>
      </>
    );
  }
  return <Passage {...found} best={snippets[0]?.score ?? 1} />;
}

function Everything({ snippets, question }: { snippets: readonly Snippet[]; question: string }) {
  if (!snippets.length) return <p class="soft">{say("nothing")}</p>;
  return (
    <>
      <p class="soft small">{say("foundAbout")}</p>
      {snippets.map((snippet, at) => (
        <Passage
          key={at}
          snippet={snippet}
          rank={at + 1}
          parts={highlighted(snippet.content, question)}
          best={snippets[0]?.score ?? 1}
        />
      ))}
    </>
  );
}
