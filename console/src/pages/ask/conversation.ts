/** What was asked and answered in this tab, as it is kept and as it is sent along with the next question. */

import type { Message } from "../../api/assistants";
import { type Answer, isOpen } from "./answer";
import type { Settings } from "./settings";

export interface Lane {
  readonly settings: Settings;
  readonly answer: Answer;
}

/** A question and its answer; two of them where settings are compared. */
export interface Turn {
  readonly id: string;
  readonly question: string;
  readonly lanes: readonly Lane[];
}

/** Turns that are sent along, at most. */
const SENT = 10;

/** The messages of a request: what was said before on this side, and the question. */
export function messagesFor(turns: readonly Turn[], question: string, lane: number, history: boolean): Message[] {
  const said = history ? turns.slice(-SENT).flatMap((turn) => saidIn(turn, lane)) : [];
  return [...said, { role: "user", content: question }];
}

function saidIn(turn: Turn, lane: number): Message[] {
  const answer = (turn.lanes[lane] ?? turn.lanes[0])?.answer;
  if (!answer?.text.trim() || answer.state === "failed") return [];
  return [
    { role: "user", content: turn.question },
    { role: "assistant", content: answer.text },
  ];
}

export function changed(turns: readonly Turn[], id: string, lane: number, change: (answer: Answer) => Answer): Turn[] {
  return turns.map((turn) =>
    turn.id === id
      ? { ...turn, lanes: turn.lanes.map((one, at) => (at === lane ? { ...one, answer: change(one.answer) } : one)) }
      : turn,
  );
}

/** The storage of a tab, as far as it is used here. */
export interface Store {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const place = (assistant: string) => `pinyon.ask.${assistant}`;
const draftPlace = (assistant: string) => `pinyon.ask.draft.${assistant}`;

/** What this tab remembers. An answer that was being written when the page went has broken off. */
export function load(store: Store, assistant: string): Turn[] {
  try {
    const turns = JSON.parse(store.getItem(place(assistant)) ?? "[]") as Turn[];
    return turns.map((turn) => ({
      ...turn,
      lanes: turn.lanes.map((lane) =>
        isOpen(lane.answer) ? { ...lane, answer: { ...lane.answer, state: "stopped" } } : lane,
      ),
    }));
  } catch {
    return []; // of another release, or no longer readable
  }
}

/** False where the browser keeps no more: then the tab shows what it has, and forgets it when it is closed. */
export function save(store: Store, assistant: string, turns: readonly Turn[]): boolean {
  try {
    if (turns.length) store.setItem(place(assistant), JSON.stringify(turns));
    else store.removeItem(place(assistant));
    return true;
  } catch {
    return false;
  }
}

export const loadDraft = (store: Store, assistant: string) => store.getItem(draftPlace(assistant)) ?? "";

export function saveDraft(store: Store, assistant: string, text: string): void {
  try {
    if (text) store.setItem(draftPlace(assistant), text);
    else store.removeItem(draftPlace(assistant));
  } catch {
    // It stays in the field; only a reload would lose it.
  }
}

/** The conversation as a text, to be taken elsewhere. */
export function asText(turns: readonly Turn[]): string {
  return turns
    .map(({ question, lanes }) => [`> ${question}`, ...lanes.map(({ answer }) => withSources(answer))].join("\n\n"))
    .join("\n\n");
}

/** An answer with its numbers in the text and its sources below. */
export function withSources(answer: Answer): string {
  let text = "";
  let from = 0;
  for (const mark of answer.marks) {
    text += answer.text.slice(from, mark.at) + mark.sources.map((number) => `[${number}]`).join("");
    from = Math.max(from, mark.at);
  }
  text += answer.text.slice(from);
  const listed = answer.sources.map(
    ({ number, fileName, pages }) => `[${number}] ${fileName}${pages.length ? `, p. ${pages.join(", ")}` : ""}`,
  );
  return listed.length ? `${text}\n\n${listed.join("\n")}` : text;
}
