import { describe, expect, it } from "vitest";
import { type Answer, NOTHING, type State } from "./answer";
import { asText, changed, load, loadDraft, messagesFor, type Store, save, saveDraft, type Turn } from "./conversation";
import { USUAL } from "./settings";

const answer = (text: string, state: State = "done"): Answer => ({ ...NOTHING, text, state });
const turn = (id: string, ...answers: Answer[]): Turn => ({
  id,
  question: `${id}?`,
  lanes: answers.map((answer) => ({ settings: USUAL, answer })),
});

class Memory implements Store {
  readonly kept = new Map<string, string>();
  getItem = (name: string) => this.kept.get(name) ?? null;
  setItem = (name: string, value: string) => void this.kept.set(name, value);
  removeItem = (name: string) => void this.kept.delete(name);
}

describe("a conversation", () => {
  it("is sent along with the next question, each side with its own answers", () => {
    const turns = [turn("a", answer("left"), answer("right")), turn("b", answer("only"))];
    expect(messagesFor(turns, "c?", 1, true).map((one) => one.content)).toEqual(["a?", "right", "b?", "only", "c?"]);
    expect(messagesFor(turns, "c?", 0, true).map((one) => one.role)).toEqual([
      "user",
      "assistant",
      "user",
      "assistant",
      "user",
    ]);
    expect(messagesFor(turns, "c?", 0, false)).toEqual([{ role: "user", content: "c?" }]);
  });

  it("sends nothing that failed and nothing empty: messages must take turns and have a text", () => {
    const turns = [
      turn("a", answer("", "stopped")),
      turn("b", answer("x", "failed")),
      turn("c", answer("y", "broken")),
    ];
    expect(messagesFor(turns, "d?", 0, true).map((one) => one.content)).toEqual(["c?", "y", "d?"]);
  });

  it("changes one answer and no other", () => {
    const turns = [turn("a", answer("1"), answer("2")), turn("b", answer("3"))];
    const after = changed(turns, "a", 1, (one) => ({ ...one, text: "new" }));
    expect(after.flatMap((one) => one.lanes.map((lane) => lane.answer.text))).toEqual(["1", "new", "3"]);
    expect(after[1]).toBe(turns[1]);
  });

  it("is kept for the tab by assistant; what was being written is no longer", () => {
    const store = new Memory();
    save(store, "one", [turn("a", answer("half", "writing"))]);
    expect(load(store, "one")[0]?.lanes[0]?.answer).toMatchObject({ text: "half", state: "stopped" });
    expect(load(store, "other")).toEqual([]);
    expect(save(store, "one", [])).toBe(true);
    expect(store.kept.size).toBe(0);
  });

  it("says when the browser keeps no more, and survives what it cannot read", () => {
    const full: Store = {
      getItem: () => "{broken",
      setItem: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
      removeItem: () => undefined,
    };
    expect(save(full, "one", [turn("a")])).toBe(false);
    expect(load(full, "one")).toEqual([]);
  });

  it("keeps what was typed and not yet asked", () => {
    const store = new Memory();
    saveDraft(store, "one", "Wh");
    expect([loadDraft(store, "one"), loadDraft(store, "two")]).toEqual(["Wh", ""]);
    saveDraft(store, "one", "");
    expect(store.kept.size).toBe(0);
  });

  it("is a text with its numbers and sources", () => {
    const one: Answer = {
      ...answer("One. Two."),
      marks: [
        { at: 3, sources: [1] },
        { at: 8, sources: [1, 2] },
      ],
      sources: [
        { number: 1, fileId: "a", fileName: "a.pdf", pages: [3, 4], quote: "" },
        { number: 2, fileId: "b", fileName: "b.md", pages: [], quote: "" },
      ],
    };
    expect(asText([turn("a", one)])).toBe("> a?\n\nOne[1]. Two[1][2].\n\n[1] a.pdf, p. 3, 4\n[2] b.md");
  });
});
