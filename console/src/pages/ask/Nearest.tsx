import { type ChatBody, fetchSnippets } from "../../api/assistants";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { Passage } from "./Passage";
import { highlighted } from "./passages";

const SHOWN = 3;

/** The passages that an answer would have been made from, where nothing writes one. */
export function Nearest({ assistant, body }: { assistant: string; body: () => ChatBody }) {
  const { messages, filter } = body();
  const question = messages.at(-1)?.content ?? "";
  const found = useCall((signal) => fetchSnippets(assistant, { messages, filter }, signal), [assistant, question]);
  const snippets = found.answer?.snippets ?? [];
  return (
    <div class="stack tight">
      {found.error !== undefined && <Problem error={found.error} again={found.again} />}
      {!found.answer && found.waiting && <Waiting />}
      {snippets.slice(0, SHOWN).map((snippet, at) => (
        <Passage
          key={at}
          snippet={snippet}
          rank={at + 1}
          parts={highlighted(snippet.content, question)}
          best={snippets[0]?.score ?? 1}
        />
      ))}
    </div>
  );
}
