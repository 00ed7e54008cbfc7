import { number, words } from "../../state/language";
import { Marked } from "../../ui/Marked";
import { Problem } from "../../ui/Problem";
import type { Asked } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import type { Found } from "./calls";
import { LanguageBadge } from "./LanguageBadge";

const say = words({
  none: { en: "Nothing was found. Try other words.", ko: "찾은 것이 없습니다. 다른 말로 해 보세요." },
  type: { en: "Type something to search for.", ko: "검색할 말을 입력하세요." },
  hits: { en: "Results", ko: "결과" },
  score: { en: "score", ko: "점수" },
});

interface Props {
  readonly asked: Asked<Found | undefined>;
  readonly label?: string;
  /** Marked where it stands in a text. */
  readonly find?: string;
}

/** What a search found, live. */
export function Hits({ asked, label = say("hits"), find = "" }: Props) {
  const hits = asked.answer?.result.hits;
  return (
    <div aria-live="polite" aria-busy={asked.waiting}>
      {asked.error !== undefined && <Problem error={asked.error} again={asked.again} />}
      {!asked.answer && asked.waiting && <Waiting />}
      {!asked.answer && !asked.waiting && asked.error === undefined && <p class="soft">{say("type")}</p>}
      {hits?.length === 0 && <p class="soft">{say("none")}</p>}
      {hits && hits.length > 0 && (
        <ol class="tour-hits" aria-label={label}>
          {hits.map((hit) => (
            <li key={hit._id}>
              <span class="data">
                <Marked text={hit.fields.text ?? hit._id} find={find} />
              </span>
              <span class="row tour-about">
                <LanguageBadge language={hit.fields.language} />
                {hit.fields.topic && <span class="badge data">{hit.fields.topic}</span>}
                {hit.fields.year && <span class="soft small">{hit.fields.year}</span>}
                <span class="soft small tour-score">
                  {say("score")} {number(hit._score)}
                </span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
