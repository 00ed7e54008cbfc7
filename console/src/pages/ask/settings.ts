/** How an answer is made, as it stands in the address of the page, and the request that comes of it. */

import type { ChatBody, Message } from "../../api/assistants";

export interface Settings {
  /** "" for the server's own. */
  readonly model: string;
  readonly temperature: string;
  readonly topK: string;
  readonly snippetSize: string;
  /** On the metadata of files, as JSON. */
  readonly filter: string;
  readonly highlights: boolean;
  readonly json: boolean;
  /** Whether what was said before is sent along. */
  readonly history: boolean;
}

export const USUAL: Settings = {
  model: "",
  temperature: "",
  topK: "",
  snippetSize: "",
  filter: "",
  highlights: true,
  json: false,
  history: true,
};

/** The names of Pinecone's models; here they stand for the server's own. */
export const HOSTED = ["gpt-4o", "gpt-5", "o4-mini", "claude-sonnet-4-5", "gemini-2.5-pro"] as const;
export const LIMITS = { temperature: [0, 2], topK: [1, 64], snippetSize: [512, 8192] } as const;

type Query = Readonly<Record<string, string | undefined>>;
const TEXTS = ["model", "temperature", "topK", "snippetSize", "filter"] as const;
const FLAGS = ["highlights", "json", "history"] as const;

/** lane: 0, or 1 for the other one of two that are compared. */
export function read(query: Query, lane: number): Settings {
  const found: Record<string, string | boolean> = {};
  for (const name of TEXTS) found[name] = query[parameter(name, lane)] ?? USUAL[name];
  for (const name of FLAGS) found[name] = flagOf(query[parameter(name, lane)], USUAL[name]);
  return found as unknown as Settings;
}

function flagOf(text: string | undefined, usual: boolean): boolean {
  return text === "yes" || (text !== "no" && usual);
}

/** What of the address changes; undefined for what goes from it. */
export function written(settings: Settings, lane: number): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {};
  for (const name of TEXTS) found[parameter(name, lane)] = settings[name] || undefined;
  for (const name of FLAGS) {
    const value = settings[name];
    found[parameter(name, lane)] = value === USUAL[name] ? undefined : value ? "yes" : "no";
  }
  return found;
}

const parameter = (name: string, lane: number) => (lane ? `${name}.${lane + 1}` : name);

export type Wrong = "number" | "json" | "object";

/** What cannot be sent, by field. */
export function wrong(settings: Settings): Partial<Record<"temperature" | "topK" | "snippetSize" | "filter", Wrong>> {
  const found: Partial<Record<"temperature" | "topK" | "snippetSize" | "filter", Wrong>> = {};
  for (const name of ["temperature", "topK", "snippetSize"] as const) {
    const text = settings[name].trim();
    const [least, most] = LIMITS[name];
    const value = Number(text);
    const whole = name === "temperature" || Number.isInteger(value);
    if (text && !(whole && value >= least && value <= most)) found[name] = "number";
  }
  const filter = filterWrong(settings.filter);
  if (filter) found.filter = filter;
  return found;
}

/** Why a text is no JSON object; undefined for one, and for nothing. */
export function filterWrong(text: string): Wrong | undefined {
  if (!text.trim()) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "object";
  } catch {
    return "json";
  }
}

/** The body of a chat. The settings must have nothing wrong. */
export function bodyOf(settings: Settings, messages: readonly Message[]): ChatBody {
  const sizes = sizesOf(settings);
  return {
    messages,
    ...(settings.json ? { json_response: true } : { stream: true }),
    ...(settings.model ? { model: settings.model } : {}),
    ...(settings.temperature.trim() ? { temperature: Number(settings.temperature) } : {}),
    ...(settings.filter.trim() ? { filter: JSON.parse(settings.filter) as unknown } : {}),
    ...(settings.highlights ? { include_highlights: true } : {}),
    ...(Object.keys(sizes).length ? { context_options: sizes } : {}),
  };
}

export function sizesOf(settings: Pick<Settings, "topK" | "snippetSize">): { top_k?: number; snippet_size?: number } {
  return {
    ...(settings.topK.trim() ? { top_k: Number(settings.topK) } : {}),
    ...(settings.snippetSize.trim() ? { snippet_size: Number(settings.snippetSize) } : {}),
  };
}

/** What differs from the usual, in a few words, for the head of an answer. */
export function brief(settings: Settings): readonly string[] {
  return [
    settings.model,
    settings.temperature && `temperature ${settings.temperature}`,
    settings.topK && `top_k ${settings.topK}`,
    settings.snippetSize && `snippet_size ${settings.snippetSize}`,
    settings.filter && "filter",
    settings.json && "JSON",
  ].filter((part): part is string => Boolean(part));
}
