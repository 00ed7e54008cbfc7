import { describe, expect, it } from "vitest";
import type { ChatBody } from "../../api/assistants";
import { codeOf, literal } from "./code";

const QUESTION = 'What\'s "it"?\n$HOME `id` 잣';
const BODY: ChatBody = {
  messages: [{ role: "user", content: QUESTION }],
  stream: true,
  include_highlights: true,
  filter: { kind: { $in: ["a", "b"] }, draft: false },
  context_options: { top_k: 8 },
};
const texts = (body: ChatBody) => Object.fromEntries(codeOf("http://127.0.0.1:5080", "library", body));

describe("a question as code", () => {
  it("is one word to a shell, whatever it holds", () => {
    const { curl } = texts(BODY);
    expect(curl).toContain('\'{"messages":[{"role":"user","content":"What\'\\\'\'s \\"it\\"?\\n$HOME `id` 잣"}]');
    expect(curl).toContain("'http://127.0.0.1:5080/assistant/chat/library'");
  });

  it("has Python's values", () => {
    expect(texts(BODY)["Python SDK 9, 10"]).toContain(
      [
        "answer = pc.assistants.chat(",
        '    assistant_name="library",',
        "    messages=[",
        '        {"role": "user", "content": "What\'s \\"it\\"?\\n$HOME `id` 잣"},',
        "    ],",
        "    stream=True,",
        "    include_highlights=True,",
        '    filter={"kind": {"$in": ["a", "b"]}, "draft": False},',
        '    context_options={"top_k": 8},',
        ")",
        "for piece in answer.text():",
      ].join("\n"),
    );
    expect(literal([null, true, 1.5, "\u202e"])).toBe('[None, True, 1.5, "\\u202e"]');
  });

  it("names the assistant as a model to OpenAI's client", () => {
    const { "OpenAI client": code } = texts({ ...BODY, temperature: 0.5 });
    expect(code).toContain('    model="assistant/library",');
    expect(code).toContain("    temperature=0.5,");
    expect(code).not.toContain("filter");
  });
});
