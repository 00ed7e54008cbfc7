import { afterEach, describe, expect, it, vi } from "vitest";
import type { ChatBody } from "../../api/assistants";
import type { Answer } from "./answer";
import { answers, eventsOf } from "./stream";

const bytes = (text: string) => new TextEncoder().encode(text);
const event = (value: unknown) => `data:${JSON.stringify(value)}\n\n`;
const START = event({ type: "message_start", model: "smollm2", context_snippet_count: 1 });
const SAID = event({ type: "content_chunk", delta: { content: "잣이 백 개쯤 들어 있습니다." } });
const USAGE = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const END = event({ type: "message_end", model: "smollm2", finish_reason: "stop", usage: USAGE });
const BODY: ChatBody = { messages: [{ role: "user", content: "몇 개?" }], stream: true };

/** A stream of these bytes, some at a time, that ends or fails. */
function stream(text: string, step: number, failure?: Error): ReadableStream<Uint8Array> {
  const all = bytes(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < all.length) controller.enqueue(all.slice(at, at + step));
      else if (failure) controller.error(failure);
      else controller.close();
      at += step;
    },
  });
}

/** The last state of an answer to a server that responds so. */
async function asked(response: () => Response, signal = new AbortController().signal, body = BODY): Promise<Answer> {
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => response()),
  );
  let last: Answer | undefined;
  for await (const answer of answers("library", body, signal)) last = answer;
  if (!last) throw new Error("no answer");
  return last;
}

afterEach(() => vi.unstubAllGlobals());

describe("a streamed answer", () => {
  it("is the same however its bytes were cut", async () => {
    for (const step of [1, 2, 3, 7, 1_000]) {
      const answer = await asked(() => new Response(stream(START + SAID + END, step)));
      expect(answer).toMatchObject({ state: "done", text: "잣이 백 개쯤 들어 있습니다.", usage: USAGE });
    }
  });

  it("that ends too early is broken, with what came", async () => {
    const cut = `${START}${SAID}data:{"type":"content`;
    for (const failure of [undefined, new TypeError("network error")]) {
      const answer = await asked(() => new Response(stream(cut, 50, failure)));
      expect(answer).toMatchObject({ state: "broken", text: "잣이 백 개쯤 들어 있습니다.", failure: null });
    }
  });

  it("whose model fails says why", async () => {
    const error = event({ type: "error", error: { code: "UNAVAILABLE", message: "The model is gone." } });
    const answer = await asked(() => new Response(stream(START + SAID + error, 9, new TypeError("cut"))));
    expect(answer).toMatchObject({ state: "broken", failure: { message: "The model is gone." } });
  });

  it("that is refused has the server's words", async () => {
    const told = { status: 412, error: { code: "FAILED_PRECONDITION", message: "No model." } };
    const answer = await asked(() => new Response(JSON.stringify(told), { status: 412 }));
    expect(answer).toMatchObject({ state: "failed", failure: { status: 412, message: "No model." } });
  });

  it("that was stopped keeps what came", async () => {
    const answer = await asked(() => new Response(stream(START + SAID, 9, new DOMException("", "AbortError"))));
    expect(answer).toMatchObject({ state: "stopped", text: "잣이 백 개쯤 들어 있습니다." });
  });

  it("of a server that is gone says that", async () => {
    const answer = await asked(() => {
      throw new TypeError("Failed to fetch");
    });
    expect(answer).toMatchObject({ state: "failed", failure: { status: 0 } });
  });

  it("may come whole", async () => {
    const told = {
      model: "m",
      message: { content: '{"answer":"x"}' },
      finish_reason: "stop",
      citations: [],
      usage: USAGE,
    };
    const body: ChatBody = { messages: BODY.messages, json_response: true };
    const answer = await asked(() => new Response(JSON.stringify(told)), undefined, body);
    expect(answer).toMatchObject({ state: "done", text: '{"answer":"x"}' });
  });

  it("stops the stream when nobody reads on", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes(SAID)),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const one of eventsOf(endless)) {
      expect(one.type).toBe("content_chunk");
      break;
    }
    expect(cancelled).toBe(true);
  });
});
