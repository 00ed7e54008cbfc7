import { describe, expect, it } from "vitest";
import { bodyOf, brief, read, type Settings, USUAL, written, wrong } from "./settings";

const CHOSEN: Settings = {
  model: "smollm2",
  temperature: "0.5",
  topK: "8",
  snippetSize: "1024",
  filter: '{"kind":"manual"}',
  highlights: false,
  json: true,
  history: false,
};
const given = (settings: Settings, lane: number) =>
  Object.fromEntries(Object.entries(written(settings, lane)).filter(([, value]) => value !== undefined));

describe("the settings of an answer", () => {
  it("go through the address of the page, those of two side by side", () => {
    for (const lane of [0, 1]) {
      for (const settings of [USUAL, CHOSEN]) expect(read(given(settings, lane), lane)).toEqual(settings);
    }
    expect(read({ ...given(CHOSEN, 0), ...given(USUAL, 1) }, 1)).toEqual(USUAL);
  });

  it("leave nothing in the address that is usual", () => {
    expect(given(USUAL, 0)).toEqual({});
  });

  it("become a request with nothing that was not chosen", () => {
    const messages = [{ role: "user" as const, content: "Why?" }];
    expect(bodyOf(USUAL, messages)).toEqual({ messages, stream: true, include_highlights: true });
    expect(bodyOf(CHOSEN, messages)).toEqual({
      messages,
      json_response: true,
      model: "smollm2",
      temperature: 0.5,
      filter: { kind: "manual" },
      context_options: { top_k: 8, snippet_size: 1024 },
    });
  });

  it("are checked before they are sent", () => {
    expect(wrong(CHOSEN)).toEqual({});
    expect(wrong({ ...USUAL, temperature: "2.1", topK: "1.5", snippetSize: "abc", filter: "{" })).toEqual({
      temperature: "number",
      topK: "number",
      snippetSize: "number",
      filter: "json",
    });
    expect(wrong({ ...USUAL, filter: "[1]" })).toEqual({ filter: "object" });
  });

  it("are told in a few words", () => {
    expect(brief(USUAL)).toEqual([]);
    expect(brief(CHOSEN)).toEqual(["smollm2", "temperature 0.5", "top_k 8", "snippet_size 1024", "filter", "JSON"]);
  });
});
