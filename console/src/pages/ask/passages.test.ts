import { describe, expect, it } from "vitest";
import type { Snippet } from "../../api/assistants";
import { highlighted, passageOf, placeOf, wordsOf } from "./passages";

const snippet = (id: string, content: string) => ({ content, score: 1, reference: { file: { id } } }) as Snippet;
const marked = (parts: ReturnType<typeof highlighted>) =>
  parts.map((part) => (part.marked ? `[${part.text}]` : part.text)).join("");

describe("a quote in a passage", () => {
  it("is found whatever the white space, and signs in it mean nothing else", () => {
    expect(placeOf("It hides\n2,600 seeds (or more).", "hides 2,600 seeds (or more).")).toEqual([3, 31]);
    expect(placeOf("axb", "a.b")).toBeUndefined();
    expect(placeOf("anything", "  ")).toBeUndefined();
  });

  it("is looked for in the passages of its own file", () => {
    const snippets = [snippet("a", "잣이 백 개"), snippet("b", "한 송이에는 잣이 백 개쯤 들어 있습니다.")];
    const found = passageOf(snippets, "b", "잣이 백 개쯤");
    expect([found?.rank, found && marked(found.parts)]).toEqual([2, "한 송이에는 [잣이 백 개쯤] 들어 있습니다."]);
    expect(passageOf(snippets, "a", "잣이 백 개쯤")).toBeUndefined();
    expect(passageOf(snippets, "c", "")).toBeUndefined();
  });

  it("that is not told leads to the best passage of the file, with nothing marked", () => {
    const found = passageOf([snippet("a", "one"), snippet("b", "two"), snippet("b", "three")], "b", "");
    expect([found?.rank, found && marked(found.parts)]).toEqual([2, "two"]);
  });
});

describe("the words of a question", () => {
  it("are those that say something, in both languages", () => {
    expect(wordsOf("How many seeds does one jay hide in the autumn of 7?")).toEqual([
      "seeds",
      "one",
      "jay",
      "hide",
      "autumn",
      "7",
    ]);
    expect(wordsOf("한 송이에는 잣이 몇 개 들어 있나요?")).toContain("송이");
  });

  it("are marked where a word begins with them, as text", () => {
    expect(marked(highlighted("Jays hide SEEDS; unseeded.", "Do jays hide seeds?"))).toBe(
      "[Jays] [hide] [SEEDS]; unseeded.",
    );
    expect(marked(highlighted("송이에는 잣송이", "송이"))).toBe("[송이]에는 잣송이");
    expect(marked(highlighted("a <b>", "of the"))).toBe("a <b>");
  });
});
