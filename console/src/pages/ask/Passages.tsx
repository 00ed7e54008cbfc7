import { useState } from "preact/hooks";
import { type ContextBody, fetchSnippets } from "../../api/assistants";
import { number, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Code } from "../../ui/Code";
import { Empty } from "../../ui/Empty";
import { TextArea, TextField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { contextCode } from "./code";
import { Passage } from "./Passage";
import { highlighted } from "./passages";
import { LIMITS, sizesOf, USUAL, wrong } from "./settings";

const say = words({
  about: {
    en: "Files are cut into passages when they are read. The API has no list of all of them; it finds those that speak to a question, with scores. Answers are made from these.",
    ko: "파일은 읽을 때 구절로 나뉩니다. API에는 전체 구절 목록이 없고, 질문과 관련된 구절을 점수와 함께 찾아 줍니다. 답은 이 구절로 만듭니다.",
  },
  question: { en: "Question or words", ko: "질문이나 단어" },
  topK: { en: "Passages (top_k)", ko: "구절 수(top_k)" },
  topKHint: { en: "1 to 64; empty: 16", ko: "1~64, 비우면 16" },
  snippetSize: { en: "Size of a passage", ko: "구절 크기" },
  snippetHint: { en: "512 to 8192 tokens; empty: 2048", ko: "512~8192토큰, 비우면 2048" },
  filter: { en: "Only files whose metadata match (JSON)", ko: "메타데이터가 맞는 파일만 (JSON)" },
  range: { en: "Use {least} to {most}.", ko: "{least}~{most} 사이로 쓰세요." },
  notObject: { en: "This is not a JSON object.", ko: "JSON 객체가 아닙니다." },
  find: { en: "Find passages", ko: "구절 찾기" },
  found: {
    en: { one: "{count} passage, about {tokens} tokens", other: "{count} passages, about {tokens} tokens" },
    ko: "구절 {count}개, 약 {tokens}토큰",
  },
  nothing: { en: "No passage was found", ko: "찾은 구절이 없습니다" },
  nothingAbout: {
    en: "Use other words, fewer conditions, or upload files that speak of it.",
    ko: "다른 단어를 쓰거나, 조건을 줄이거나, 관련 파일을 올려 보세요.",
  },
  code: { en: "As code", ko: "코드로 보기" },
});

/** What is retrieved for a question, without an answer. The question is in the address. */
export function Passages({ assistant }: { assistant: string }) {
  const [query, change] = useQuery();
  const [question, setQuestion] = useState(query.q ?? "");
  const [topK, setTopK] = useState(query["q.topK"] ?? "");
  const [snippetSize, setSnippetSize] = useState(query["q.size"] ?? "");
  const [filter, setFilter] = useState(query["q.filter"] ?? "");
  const typed = wrong({ ...USUAL, topK, snippetSize, filter });
  const range = (name: "topK" | "snippetSize") =>
    typed[name] ? say("range", { least: LIMITS[name][0], most: LIMITS[name][1] }) : undefined;

  const body = bodyOf(query);
  const found = useCall(
    async (signal) => (body ? fetchSnippets(assistant, body, signal) : undefined),
    [assistant, JSON.stringify(body)],
  );
  const find = (event: Event) => {
    event.preventDefault();
    if (Object.keys(typed).length || !question.trim()) return;
    const asked = {
      q: question.trim(),
      "q.topK": topK.trim(),
      "q.size": snippetSize.trim(),
      "q.filter": filter.trim(),
    };
    if (body && Object.entries(asked).every(([name, value]) => (query[name] ?? "") === value)) found.again();
    change(asked);
  };

  return (
    <div class="stack">
      <p class="soft">{say("about")}</p>
      <form class="panel stack" onSubmit={find}>
        <TextField label={say("question")} type="search" value={question} onInput={setQuestion} autocomplete="off" />
        <div class="numbers">
          <TextField label={say("topK")} hint={say("topKHint")} wrong={range("topK")} value={topK} onInput={setTopK} />
          <TextField
            label={say("snippetSize")}
            hint={say("snippetHint")}
            wrong={range("snippetSize")}
            value={snippetSize}
            onInput={setSnippetSize}
          />
          <TextArea
            label={say("filter")}
            wrong={typed.filter ? say("notObject") : undefined}
            value={filter}
            onInput={setFilter}
            rows={1}
            mono
            spellcheck={false}
          />
        </div>
        <div class="actions">
          <button type="submit" class="button primary" disabled={!question.trim()}>
            {say("find")}
          </button>
        </div>
      </form>
      {found.error !== undefined && <Problem error={found.error} again={found.again} />}
      {body && found.waiting && <Waiting />}
      {body && found.answer && <Found found={found.answer} question={body.query ?? ""} />}
      {body && (
        <details>
          <summary class="soft small">{say("code")}</summary>
          <Code text={contextCode(location.origin, assistant, body)} />
        </details>
      )}
    </div>
  );
}

/** What the address asks for; undefined where it asks for nothing, or for what cannot be. */
function bodyOf(query: Readonly<Record<string, string>>): ContextBody | undefined {
  const settings = {
    ...USUAL,
    topK: query["q.topK"] ?? "",
    snippetSize: query["q.size"] ?? "",
    filter: query["q.filter"] ?? "",
  };
  if (!query.q || Object.keys(wrong(settings)).length) return undefined;
  return {
    query: query.q,
    ...sizesOf(settings),
    ...(settings.filter ? { filter: JSON.parse(settings.filter) as unknown } : {}),
  };
}

function Found({ found, question }: { found: Awaited<ReturnType<typeof fetchSnippets>>; question: string }) {
  const { snippets, usage } = found;
  if (!snippets.length) {
    return (
      <Empty title={say("nothing")}>
        <p>{say("nothingAbout")}</p>
      </Empty>
    );
  }
  return (
    <section class="panel stack">
      <p class="soft" role="status">
        {say("found", { count: snippets.length, tokens: number(usage.prompt_tokens) })}
      </p>
      {snippets.map((snippet, at) => (
        <Passage
          key={at}
          snippet={snippet}
          rank={at + 1}
          parts={highlighted(snippet.content, question)}
          best={snippets[0]?.score ?? 1}
        />
      ))}
    </section>
  );
}
