/** From a request to a growing answer: streamed or whole, stopped, broken off or refused. */

import { type ChatAnswer, type ChatBody, type ChatEvent, chat } from "../../api/assistants";
import { ApiError, respond } from "../../api/client";
import { type Answer, type Failure, grown, NOTHING, whole } from "./answer";
import { EventReader } from "./sse";

/** The events of a stream, until its bytes end; a stream that broke off ends like any other. Throws AbortError. */
export async function* eventsOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<ChatEvent> {
  const reader = bytes.getReader();
  const events = new EventReader();
  try {
    for (;;) {
      const { done, value } = await taken(reader);
      for (const data of done ? events.end() : events.take(value)) {
        const event = parsed(data);
        if (event) yield event;
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => undefined); // it may have ended by itself
  }
}

/** What could not be read any more counts as the end: the answer says itself whether it is complete. */
async function taken(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (error) {
    if (isAbort(error)) throw error;
    return { done: true, value: undefined } as const;
  }
}

function parsed(data: string): ChatEvent | undefined {
  try {
    return JSON.parse(data) as ChatEvent;
  } catch {
    return undefined; // half an event, where the stream broke off
  }
}

/** Asks, and gives the answer each time that it has grown. It never throws: what went wrong is part of the answer. */
export async function* answers(assistant: string, body: ChatBody, signal: AbortSignal): AsyncGenerator<Answer> {
  const began = performance.now();
  let answer = NOTHING;
  try {
    const response = await respond(chat(assistant, body), signal);
    if (body.stream && response.body) {
      for await (const event of eventsOf(response.body)) {
        answer = grown(answer, event);
        yield answer;
      }
      if (answer.state !== "done") answer = { ...answer, state: "broken" };
    } else {
      answer = whole((await response.json()) as ChatAnswer);
    }
  } catch (error) {
    answer = isAbort(error) ? { ...answer, state: "stopped" } : failed(answer, error);
  }
  yield { ...answer, milliseconds: Math.round(performance.now() - began) };
}

function failed(answer: Answer, error: unknown): Answer {
  const failure: Failure =
    error instanceof ApiError
      ? { status: error.status, code: error.code, message: error.message, requestId: error.requestId }
      : { status: 0, code: "UNREACHABLE", message: "", requestId: "" }; // a body that ended too early
  return { ...answer, state: answer.text ? "broken" : "failed", failure };
}

const isAbort = (error: unknown) => error instanceof DOMException && error.name === "AbortError";

/** The failure as the error that it was, for what shows errors. */
export const errorOf = (failure: Failure) =>
  new ApiError(failure.message, failure.status, failure.code, failure.requestId);
