import { words } from "../../state/language";
import type { Source } from "./answer";
import { pagesOf } from "./Passage";

const say = words({ sources: { en: "Sources", ko: "출처" } });

interface Props {
  readonly sources: readonly Source[];
  readonly shown: number | null | undefined;
  readonly onShow: (source: number) => void;
}

/** What an answer cites, below it. */
export function SourceList({ sources, shown, onShow }: Props) {
  return (
    <ol class="sources" aria-label={say("sources")}>
      {sources.map((source) => (
        <li key={source.number}>
          <button
            type="button"
            class="source"
            aria-pressed={shown === source.number}
            onClick={() => onShow(source.number)}
          >
            <span class="cite-number" aria-hidden="true">
              {source.number}
            </span>
            <span class="data clip-one">{source.fileName}</span>
            {source.pages.length > 0 && <span class="soft">{pagesOf(source.pages)}</span>}
          </button>
        </li>
      ))}
    </ol>
  );
}
