import { useState } from "preact/hooks";
import type { Index } from "../../api/indexes";
import { to, withQuery } from "../../routes";
import { words as dictionary, number } from "../../state/language";
import { facts, Thumbnail } from "../../ui/Thumbnail";
import type { Move } from "./compare";
import { Highlighted } from "./Highlighted";
import type { Result } from "./run";
import { textField } from "./settings";

const say = dictionary({
  place: { en: "Place {at}", ko: "{at}위" },
  up: { en: { one: "1 place higher", other: "{count} places higher" }, ko: "{count}계단 상승" },
  down: { en: { one: "1 place lower", other: "{count} places lower" }, ko: "{count}계단 하락" },
  new: { en: "only here", ko: "여기에만 있음" },
  former: { en: "was {place} with {score}", ko: "이전 {place}위, {score}" },
  similar: { en: "Find similar", ko: "비슷한 레코드" },
  more: { en: "Show all", ko: "모두 보기" },
  dense: { en: "meaning {score}", ko: "의미 {score}" },
  lexical: { en: "words {score}", ko: "단어 {score}" },
});

const LONGEST_TEXT = 400;
const LONGEST_VALUE = 80;

interface Props {
  readonly result: Result;
  readonly place: number;
  /** Length of the score's bar, 0 to 1. */
  readonly bar: number;
  readonly move: Move | undefined;
  readonly index: Index;
  readonly namespace: string;
  readonly words: readonly string[];
}

export function HitItem({ result, place, bar, move, index, namespace, words }: Props) {
  const { id, score, metadata, parts, former } = result;
  const field = textField(index);
  const text = metadata[field];
  const others = facts(metadata).filter(([name]) => name !== field || typeof text !== "string");
  const changed = move !== undefined && move !== 0;
  return (
    <li class={changed ? "search-hit moved" : "search-hit"}>
      <div class="search-rank">
        <span class="hidden-visually">{say("place", { at: place + 1 })}</span>
        <span aria-hidden="true">{number(place + 1)}</span>
        {changed && <Moved move={move} />}
      </div>
      <div class="stack tight">
        <div class="search-head">
          <a class="data search-id" href={withQuery(to.browse(index.name), { id, namespace })}>
            {id}
          </a>
          <a class="small" href={withQuery(to.search(index.name), { by: "id", id, namespace })}>
            {say("similar")}
          </a>
        </div>
        <Thumbnail metadata={metadata} />
        {typeof text === "string" && <Text text={text} words={words} />}
        {others.length > 0 && (
          <dl class="search-meta small">
            {others.map(([name, value]) => (
              <Value key={name} name={name} value={value} />
            ))}
          </dl>
        )}
      </div>
      <div class="search-score">
        <strong class="number">{scored(score)}</strong>
        <div class="meter" aria-hidden="true">
          <span style={{ width: `${bar * 100}%` }} />
        </div>
        {parts && (
          <div class="small soft number">
            {Object.entries(parts).map(([name, value]) => (
              <div key={name}>
                {name === "dense" || name === "lexical" ? say(name, { score: number(value, 3) }) : `${name} ${value}`}
              </div>
            ))}
          </div>
        )}
        {former && (
          <div class="small soft number">{say("former", { place: former.place + 1, score: scored(former.score) })}</div>
        )}
      </div>
    </li>
  );
}

function Moved({ move }: { move: Move }) {
  if (move === "new") return <span class="badge warn">{say("new")}</span>;
  const count = Math.abs(move);
  return (
    <span class={move > 0 ? "badge good" : "badge"}>
      <span aria-hidden="true">
        {move > 0 ? "▲" : "▼"} {number(count)}
      </span>
      <span class="hidden-visually">{say(move > 0 ? "up" : "down", { count })}</span>
    </span>
  );
}

function Text({ text, words }: { text: string; words: readonly string[] }) {
  const [whole, setWhole] = useState(false);
  const shown = whole || text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
  return (
    <p class="data search-text">
      <Highlighted text={shown} words={words} />{" "}
      {shown !== text && (
        <button type="button" class="button quiet small" onClick={() => setWhole(true)}>
          {say("more")}
        </button>
      )}
    </p>
  );
}

function Value({ name, value }: { name: string; value: unknown }) {
  const text = Array.isArray(value) ? value.join(", ") : String(value);
  return (
    <div>
      <dt class="data">{clipped(name)}</dt>
      <dd class="data" title={text.length > LONGEST_VALUE ? text.slice(0, 2_000) : undefined}>
        {clipped(text)}
      </dd>
    </div>
  );
}

/** Of equal length, so that they can be compared by eye. */
function scored(score: number): string {
  return Math.abs(score) < 1000 ? score.toFixed(4) : number(score, 2);
}

function clipped(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
