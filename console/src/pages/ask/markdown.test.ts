import { describe, expect, it } from "vitest";
import { type Block, type Inline, parse, plain } from "./markdown";

/** Marks as [n], bold as *...*, code as `...`, in one line per block. */
const shown = (parts: readonly Inline[]): string =>
  parts
    .map((part) => {
      if (part.kind === "mark") return `[${part.number}]`;
      if (part.kind === "bold") return `<b ${shown(part.parts)}>`;
      return part.kind === "code" ? `<c ${part.text}>` : part.text;
    })
    .join("");
const lines = (blocks: readonly Block[]) =>
  blocks.map((block) =>
    block.kind === "list"
      ? `${block.ordered ? "1" : "-"} ${block.items.map(shown).join(" | ")}`
      : `${block.kind}: ${shown(block.parts)}`,
  );

describe("the markdown of answers", () => {
  it("has paragraphs, headings, lists, code and bold", () => {
    const text =
      "# Title\nOne **two** `three`.\nFour.\n\n- a\n- b\n  more\n\n1. x\n2) y\n```py\nif **x**:\n  - y\n```\nEnd.";
    expect(lines(parse(text))).toEqual([
      "heading: Title",
      "paragraph: One <b two> <c three>.\nFour.",
      "- a | b\nmore",
      "1 x | y",
      "code: if **x**:\n  - y",
      "paragraph: End.",
    ]);
  });

  it("keeps marks where they belong, in whatever they fall", () => {
    const text = "One **two**. `three`\n\n- four";
    expect(lines(parse(text, [3, 9, 11, 18, text.length]))).toEqual([
      "paragraph: One[0] <b two[1]>[2]. <c thre>[3]<c e>",
      "- four[4]",
    ]);
  });

  it("shows links and images as text with their addresses", () => {
    const text = "[here](javascript:alert(1)) ![x](https://a.example/y.png) [a] (b)";
    expect(lines(parse(text))).toEqual(["paragraph: here (javascript:alert(1)) x (https://a.example/y.png) [a] (b)"]);
  });

  it("takes HTML for text", () => {
    const text = "<img src=x onerror=alert(1)> <b>x</b>";
    expect(parse(text)).toEqual([{ kind: "paragraph", parts: [{ kind: "text", text }] }]);
  });

  it("is not fooled by the characters that it uses for marks itself", () => {
    expect(lines(parse("a\uE0000\uE001b", [1]))).toEqual(["paragraph: a[0]\uFFFD0\uFFFDb"]);
  });

  it("loses nothing of code that is not closed, of stars and of lone marks", () => {
    expect(lines(parse("```\nx = 1"))).toEqual(["code: x = 1"]);
    expect(lines(parse("2 ** 3 ** 4 * 5 `"))).toEqual(["paragraph: 2 ** 3 ** 4 * 5 `"]);
    expect(lines(parse("", [0]))).toEqual(["paragraph: [0]"]);
  });

  it("keeps a text as it is where it is not markdown", () => {
    expect(shown(plain('{"answer":"**a**\n- b"}', [14]))).toBe('{"answer":"**a[0]**\n- b"}');
  });

  it("reads long texts in reasonable depth", () => {
    const text = "**a** `b` ".repeat(3_000);
    expect(parse(text)).toHaveLength(1);
  });
});
