import type { ComponentChildren } from "preact";
import { words } from "../../state/language";
import type { Answer, Mark } from "./answer";
import { type Block, type Inline, parse, plain } from "./markdown";

const say = words({ source: { en: "Source {number}: {name}", ko: "출처 {number}: {name}" } });

interface Props {
  readonly answer: Answer;
  /** Whether it is shown as it is, without markdown. */
  readonly plain: boolean;
  readonly shown: number | null | undefined;
  readonly onShow: (source: number) => void;
}

/** The text of an answer with its numbers. All of it is text: no markup and no address in it does anything. */
export function Words({ answer, plain: asItIs, shown, onShow }: Props) {
  const at = answer.marks.map((mark) => mark.at);
  const draw = (parts: readonly Inline[]) => parts.map((part, place) => <Piece key={place} part={part} draw={mark} />);
  const mark = (number: number) => {
    const found: Mark | undefined = answer.marks[number];
    return (found?.sources ?? []).map((source) => (
      <Cite key={source} answer={answer} source={source} shown={shown === source} onShow={onShow} />
    ));
  };
  if (asItIs) return <pre class="data lines">{draw(plain(answer.text, at))}</pre>;
  return (
    <>
      {parse(answer.text, at).map((block, place) => (
        <BlockView key={place} block={block} draw={draw} />
      ))}
    </>
  );
}

type Draw = (parts: readonly Inline[]) => ComponentChildren;

function BlockView({ block, draw }: { block: Block; draw: Draw }) {
  if (block.kind === "code") {
    return (
      <pre class="data">
        <code>{draw(block.parts)}</code>
      </pre>
    );
  }
  if (block.kind === "list") {
    const items = block.items.map((item, place) => <li key={place}>{draw(item)}</li>);
    return block.ordered ? <ol class="data">{items}</ol> : <ul class="data">{items}</ul>;
  }
  if (block.kind === "heading") {
    return (
      <p class="data">
        <strong>{draw(block.parts)}</strong>
      </p>
    );
  }
  return <p class="data lines">{draw(block.parts)}</p>;
}

function Piece({ part, draw }: { part: Inline; draw: (number: number) => ComponentChildren }) {
  if (part.kind === "mark") return <>{draw(part.number)}</>;
  if (part.kind === "code") return <code>{part.text}</code>;
  if (part.kind === "text") return <>{part.text}</>;
  return (
    <strong>
      {part.parts.map((inner, place) => (
        <Piece key={place} part={inner} draw={draw} />
      ))}
    </strong>
  );
}

interface CiteProps {
  readonly answer: Answer;
  readonly source: number;
  readonly shown: boolean;
  readonly onShow: (source: number) => void;
}

function Cite({ answer, source, shown, onShow }: CiteProps) {
  const name = answer.sources[source - 1]?.fileName ?? "";
  return (
    <button
      type="button"
      class="cite"
      aria-pressed={shown}
      aria-label={say("source", { number: source, name })}
      onClick={() => onShow(source)}
    >
      {source}
    </button>
  );
}
