/** An answer as it grows: events come in, and what is shown comes out. */

import type { ChatAnswer, ChatEvent, Citation, Usage } from "../../api/assistants";

/** A place in a file that an answer cites. number: from 1, in the order of the answer. quote: "" where it is not told. */
export interface Source {
  readonly number: number;
  readonly fileId: string;
  readonly fileName: string;
  readonly pages: readonly number[];
  readonly quote: string;
}

/** at: offset in the text (as strings count). sources: the numbers that stand there. */
export interface Mark {
  readonly at: number;
  readonly sources: readonly number[];
}

export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
}

/** waiting: nothing came yet. stopped: by the reader. broken: the stream ended too early. failed: it was refused. */
export type State = "waiting" | "writing" | "done" | "stopped" | "broken" | "failed";

export interface Answer {
  readonly state: State;
  readonly text: string;
  readonly marks: readonly Mark[];
  readonly sources: readonly Source[];
  /** The model that wrote it. */
  readonly model: string;
  /** Passages that it was made from. */
  readonly snippets: number | null;
  readonly usage: Usage | null;
  readonly milliseconds: number | null;
  readonly failure: Failure | null;
}

export const NOTHING: Answer = {
  state: "waiting",
  text: "",
  marks: [],
  sources: [],
  model: "",
  snippets: null,
  usage: null,
  milliseconds: null,
  failure: null,
};

export const isOpen = (answer: Answer) => answer.state === "waiting" || answer.state === "writing";

/** Every supported sentence has a citation, so a complete answer without one says that the files do not answer. */
export const isRefusal = (answer: Answer) => answer.state === "done" && answer.sources.length === 0;

/** Whether some of the model's sentences were replaced by the files' own words, which stand in these marks. */
export const isQuoted = (answer: Answer) =>
  answer.state === "done" && answer.sources.length > 0 && /^“[^”]*”(\s+“[^”]*”)*$/u.test(answer.text.trim());

/** Whether a question was refused because nothing here writes; passages can be found all the same. */
export const lacksModel = ({ state, failure }: Answer) =>
  state === "failed" &&
  (failure?.status === 501 || (failure?.status === 412 && /no model that writes/.test(failure.message)));

export function grown(answer: Answer, event: ChatEvent): Answer {
  switch (event.type) {
    case "message_start":
      return { ...answer, state: "writing", model: event.model, snippets: event.context_snippet_count ?? null };
    case "content_chunk":
      return { ...answer, state: "writing", text: answer.text + event.delta.content };
    case "citation":
      return cited(answer, event.citation);
    case "message_end":
      return { ...answer, state: "done", usage: event.usage };
    case "error": {
      const failure = { status: 0, requestId: "", ...event.error };
      return { ...answer, state: "broken", failure };
    }
    default:
      return answer; // an event of a later version
  }
}

export function whole(told: ChatAnswer): Answer {
  const answer: Answer = {
    ...NOTHING,
    state: "done",
    text: told.message.content,
    model: told.model,
    snippets: told.context_snippet_count ?? null,
    usage: told.usage,
  };
  return told.citations.reduce(cited, answer);
}

function cited(answer: Answer, citation: Citation): Answer {
  const sources = [...answer.sources];
  const numbers: number[] = [];
  for (const { file, pages, highlight } of citation.references) {
    const quote = highlight?.content ?? "";
    const same = (one: Source) =>
      one.fileId === file.id && one.quote === quote && one.pages.join() === [...pages].join();
    let source = sources.find(same);
    if (!source) {
      source = { number: sources.length + 1, fileId: file.id, fileName: file.name, pages: [...pages], quote };
      sources.push(source);
    }
    if (!numbers.includes(source.number)) numbers.push(source.number);
  }
  const at = offsetOf(answer.text, citation.position);
  return { ...answer, sources, marks: [...answer.marks, { at, sources: numbers }] };
}

/** Servers count code points, strings of a browser do not: one beyond U+FFFF has two places. */
export function offsetOf(text: string, points: number): number {
  let offset = 0;
  for (const point of text) {
    if (points <= 0) break;
    points -= 1;
    offset += point.length;
  }
  return offset;
}
