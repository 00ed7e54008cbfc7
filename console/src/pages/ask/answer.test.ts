import { describe, expect, it } from "vitest";
import type { ChatEvent, Reference, StoredFile } from "../../api/assistants";
import { type Answer, grown, isQuoted, isRefusal, lacksModel, NOTHING, offsetOf, whole } from "./answer";

const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const file = (id: string) => ({ id, name: `${id}.md` }) as StoredFile;
const reference = (id: string, quote: string, pages: number[] = []): Reference => ({
  file: file(id),
  pages,
  highlight: quote ? { type: "text", content: quote } : null,
});
const said = (content: string): ChatEvent => ({ type: "content_chunk", delta: { content } });
const cite = (position: number, ...references: Reference[]): ChatEvent => ({
  type: "citation",
  citation: { position, references },
});
const START: ChatEvent = { type: "message_start", model: "smollm2", context_snippet_count: 2 };
const END: ChatEvent = { type: "message_end", model: "smollm2", finish_reason: "stop", usage: USAGE };
const told = (...events: ChatEvent[]): Answer => events.reduce(grown, NOTHING);

describe("an answer", () => {
  it("grows by its sentences and ends with its usage", () => {
    const answer = told(START, said("One."), cite(3, reference("a", "one")), said(" Two."), END);
    expect(answer).toMatchObject({ state: "done", text: "One. Two.", model: "smollm2", snippets: 2, usage: USAGE });
    expect(answer.marks).toEqual([{ at: 3, sources: [1] }]);
    expect(isRefusal(answer)).toBe(false);
  });

  it("numbers a place in a file once, however often it is cited", () => {
    const one = reference("a", "one", [2]);
    const answer = told(
      START,
      said("One. Two."),
      cite(3, one),
      cite(8, one, reference("b", "", []), reference("a", "x")),
    );
    expect(answer.marks.map((mark) => mark.sources)).toEqual([[1], [1, 2, 3]]);
    expect(answer.sources.map(({ fileName, pages, quote }) => [fileName, pages, quote])).toEqual([
      ["a.md", [2], "one"],
      ["b.md", [], ""],
      ["a.md", [], "x"],
    ]);
  });

  it("places marks by letters, also behind those that take two places", () => {
    const text = "🌲 잣.";
    expect(offsetOf(text, 3)).toBe(4);
    expect(text.slice(0, offsetOf(text, 3))).toBe("🌲 잣");
    expect(offsetOf(text, 99)).toBe(text.length);
    expect(told(START, said(text), cite(3, reference("a", "")), END).marks[0]?.at).toBe(4);
  });

  it("without any citation is a refusal, once it is complete", () => {
    expect(isRefusal(told(START, said("The documents do not answer this question."), END))).toBe(true);
    expect(isRefusal(told(START, said("The documents")))).toBe(false);
  });

  it("that is only quotations says so", () => {
    const quoted = told(START, said("“One.” “Two.”"), cite(6, reference("a", "One.")), END);
    expect(isQuoted(quoted)).toBe(true);
    expect(isQuoted(told(START, said("He said “one.” Then “two.”"), cite(6, reference("a", "x")), END))).toBe(false);
  });

  it("that nothing here could write is told from one that is refused for another reason", () => {
    const failed = (status: number, message: string): Answer => {
      return { ...NOTHING, state: "failed", failure: { status, message, code: "", requestId: "" } };
    };
    expect(lacksModel(failed(412, "This server has no model that writes, so it can find snippets"))).toBe(true);
    expect(lacksModel(failed(501, "Install pinyon[gguf]"))).toBe(true);
    expect(lacksModel(failed(412, 'Assistant "a" has no file that is Available.'))).toBe(false);
    expect(lacksModel(NOTHING)).toBe(false);
  });

  it("keeps what came before its model failed", () => {
    const answer = told(START, said("One."), { type: "error", error: { code: "UNAVAILABLE", message: "gone" } });
    expect(answer).toMatchObject({ state: "broken", text: "One.", failure: { code: "UNAVAILABLE", message: "gone" } });
  });

  it("that came whole is the same as one that was streamed", () => {
    const references = [reference("a", "one")];
    const answer = whole({
      model: "smollm2",
      message: { content: "One." },
      finish_reason: "stop",
      citations: [{ position: 3, references }],
      usage: USAGE,
      context_snippet_count: 2,
    });
    expect(answer).toEqual(told(START, said("One."), cite(3, ...references), END));
  });

  it("passes over events that it does not know", () => {
    expect(told({ type: "thinking" } as unknown as ChatEvent)).toEqual(NOTHING);
  });
});
