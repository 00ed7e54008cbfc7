import type { Snippet } from "../../api/assistants";
import { number, words } from "../../state/language";
import { Copy } from "../../ui/Copy";
import type { Part } from "./passages";

const say = words({
  page: { en: { one: "p. {pages}", other: "pp. {pages}" }, ko: "{pages}쪽" },
  score: { en: "score {score}", ko: "점수 {score}" },
  scoreAbout: {
    en: "How near the passage is to the question; higher is nearer. Good for comparing the passages of one question.",
    ko: "질문과의 가까움. 높을수록 가깝습니다. 같은 질문의 구절끼리 비교하는 값입니다.",
  },
});

export const pagesOf = (pages: readonly number[]) => say("page", { count: pages.length, pages: pages.join(", ") });

interface Props {
  readonly snippet: Snippet;
  /** Its place among those that were found, from 1. */
  readonly rank: number;
  readonly parts: readonly Part[];
  /** The best score among those that were found. */
  readonly best: number;
}

/** A passage of a file as it was retrieved. */
export function Passage({ snippet, rank, parts, best }: Props) {
  const pages = snippet.reference.pages ?? [];
  const share = best > 0 ? Math.max(0, Math.min(1, snippet.score / best)) : 0;
  return (
    <article class="passage">
      <header class="row">
        <strong class="number">{rank}.</strong>
        <span class="data grow">
          {snippet.reference.file.name}
          {pages.length > 0 && <span class="soft"> {pagesOf(pages)}</span>}
        </span>
        <span class="row nowrap" title={say("scoreAbout")}>
          <span class="meter" aria-hidden="true">
            <span style={{ width: `${share * 100}%` }} />
          </span>
          <span class="small soft">
            {say("score", { score: number(Math.round(snippet.score * 1000) / 1000 || 0) })}
          </span>
        </span>
        <Copy text={snippet.content} />
      </header>
      <p class="data lines">
        <Parts parts={parts} />
      </p>
    </article>
  );
}

export function Parts({ parts }: { parts: readonly Part[] }) {
  return <>{parts.map((part, place) => (part.marked ? <mark key={place}>{part.text}</mark> : part.text))}</>;
}
