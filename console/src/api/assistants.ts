/** Assistants, their files, and what is asked of them. */

import { type Call, send } from "./client";

export interface Assistant {
  readonly name: string;
  readonly status: string;
  readonly host: string;
  readonly instructions: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export type FileStatus = "Processing" | "Available" | "Deleting" | "ProcessingFailed";

export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly status: FileStatus;
  /** Bytes. */
  readonly size: number;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly created_on: string;
  readonly updated_on: string;
  /** 0 to 1. */
  readonly percent_done?: number | null;
  readonly error_message?: string | null;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface Reference {
  readonly file: StoredFile;
  readonly pages: readonly number[];
  readonly highlight: { readonly type: string; readonly content: string } | null;
}

/** position: code points of the answer before it. */
export interface Citation {
  readonly position: number;
  readonly references: readonly Reference[];
}

export interface Snippet {
  readonly type: string;
  readonly content: string;
  readonly score: number;
  readonly reference: { readonly type: string; readonly file: StoredFile; readonly pages?: readonly number[] };
}

export interface Snippets {
  readonly snippets: readonly Snippet[];
  readonly usage: Usage;
}

/** An answer that came whole. */
export interface ChatAnswer {
  readonly model: string;
  readonly message: { readonly content: string };
  readonly finish_reason: string;
  readonly citations: readonly Citation[];
  readonly usage: Usage;
  readonly context_snippet_count?: number;
}

/** What a streamed answer consists of. */
export type ChatEvent =
  | { readonly type: "message_start"; readonly model: string; readonly context_snippet_count?: number }
  | { readonly type: "content_chunk"; readonly delta: { readonly content: string } }
  | { readonly type: "citation"; readonly citation: Citation }
  | { readonly type: "message_end"; readonly finish_reason: string; readonly usage: Usage; readonly model: string }
  | { readonly type: "error"; readonly error: { readonly code: string; readonly message: string } };

export interface Message {
  readonly role: "user" | "assistant";
  readonly content: string;
}

export interface ChatBody {
  readonly messages: readonly Message[];
  readonly stream?: boolean;
  readonly model?: string;
  readonly temperature?: number;
  readonly filter?: unknown;
  readonly json_response?: boolean;
  readonly include_highlights?: boolean;
  readonly context_options?: { readonly top_k?: number; readonly snippet_size?: number };
}

export interface ContextBody {
  readonly query?: string;
  readonly messages?: readonly Message[];
  readonly filter?: unknown;
  readonly top_k?: number;
  readonly snippet_size?: number;
}

const ASSISTANTS = "/assistant/assistants";
const named = (name: string) => `${ASSISTANTS}/${encodeURIComponent(name)}`;
const files = (name: string, id?: string) =>
  `/assistant/files/${encodeURIComponent(name)}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;

export const listAssistants = (): Call => ({ method: "GET", path: ASSISTANTS });
export const describeAssistant = (name: string): Call => ({ method: "GET", path: named(name) });
export const createAssistant = (body: unknown): Call => ({ method: "POST", path: ASSISTANTS, body });
export const updateAssistant = (name: string, body: unknown): Call => ({ method: "PATCH", path: named(name), body });
export const deleteAssistant = (name: string): Call => ({ method: "DELETE", path: named(name) });

export const listFiles = (name: string, filter?: string): Call => ({
  method: "GET",
  path: files(name),
  query: { filter },
});
export const deleteFile = (name: string, id: string): Call => ({ method: "DELETE", path: files(name, id) });
export const downloadFile = (name: string, id: string): Call => ({ method: "GET", path: `${files(name, id)}/content` });

/** id: of the file that it takes the place of. */
export function uploadFile(name: string, file: File, metadata: unknown, id?: string): Call {
  const form = new FormData();
  form.append("file", file, file.name);
  if (metadata !== undefined && metadata !== null) form.append("metadata", JSON.stringify(metadata));
  return { method: id === undefined ? "POST" : "PUT", path: files(name, id), form };
}

export const chat = (name: string, body: ChatBody): Call => ({
  method: "POST",
  path: `/assistant/chat/${encodeURIComponent(name)}`,
  body,
});
export const context = (name: string, body: ContextBody): Call => ({
  method: "POST",
  path: `/assistant/chat/${encodeURIComponent(name)}/context`,
  body,
});

export const fetchAssistants = async (signal?: AbortSignal) =>
  (await send<{ assistants: readonly Assistant[] }>(listAssistants(), signal)).assistants;
export const fetchAssistant = (name: string, signal?: AbortSignal) => send<Assistant>(describeAssistant(name), signal);
export const fetchFiles = async (name: string, filter?: string, signal?: AbortSignal) =>
  (await send<{ files: readonly StoredFile[] }>(listFiles(name, filter), signal)).files;
export const fetchSnippets = (name: string, body: ContextBody, signal?: AbortSignal) =>
  send<Snippets>(context(name, body), signal);

/** The models that write. GET /v1/models tells what is installed, GET /models which of those only embed or rank. */
export async function fetchGenerators(signal?: AbortSignal): Promise<readonly string[]> {
  const [all, others] = await Promise.all([
    send<{ data: readonly { id: string }[] }>({ method: "GET", path: "/v1/models" }, signal),
    send<{ models: readonly { model: string }[] }>({ method: "GET", path: "/models" }, signal),
  ]);
  const known = new Set(others.models.map((one) => one.model));
  return all.data.map((one) => one.id).filter((id) => !known.has(id) && !id.startsWith("assistant/"));
}

/** The most bytes of a file, where the server tells its settings to this key. */
export async function fetchFileLimit(signal?: AbortSignal): Promise<number | undefined> {
  const { settings } = await send<{ settings: readonly { name: string; value: unknown }[] }>(
    { method: "GET", path: "/pinyon/settings" },
    signal,
  );
  const limit = settings.find((one) => one.name === "requests.file_bytes")?.value;
  return typeof limit === "number" ? limit : undefined;
}
