/** One way to the server: every request of the console goes through `send`, and is a value that can be shown as code. */

import { askForKey, key } from "../state/session";

export const API_VERSION = "2025-10";
const NO_BODY = new Set([202, 204]);

/** A request before it is sent. path: from the root of the server. */
export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  /** It carries credentials of its own: neither is this tab's key sent, nor is one asked for when it is refused. */
  readonly keyless?: boolean;
}

/** What the server refused, or that it could not be reached: then status is 0. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly requestId: string;

  constructor(message: string, status: number, code: string, requestId: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

export function url(call: Call): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text ? `${call.path}?${text}` : call.path;
}

/** The answer's JSON. Throws ApiError, or AbortError when `signal` was aborted. */
export async function send<Answer>(call: Call, signal?: AbortSignal): Promise<Answer> {
  const response = await respond(call, signal);
  if (NO_BODY.has(response.status) && response.headers.get("content-length") === "0") return undefined as Answer;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as Answer;
}

/** The answer as it comes: for text, bytes and streams. A refusal for want of a key is repeated once there is one. */
export async function respond(call: Call, signal?: AbortSignal): Promise<Response> {
  for (;;) {
    const used = key.value;
    const response = await attempt(call, signal);
    if (response.ok) return response;
    const error = await refusal(response);
    if (call.keyless) throw error;
    const wrongKey = response.status === 401 || (response.status === 403 && /api key/i.test(error.message) && !used);
    if (!wrongKey) throw error;
    if (key.value === used && !(await askForKey(error.message))) throw error;
  }
}

async function attempt(call: Call, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { "X-Pinecone-Api-Version": API_VERSION, ...call.headers };
  if (key.value && !call.keyless && !headers.Authorization) headers["Api-Key"] = key.value;
  if (call.body !== undefined) headers["Content-Type"] ??= "application/json";
  const body = call.form ?? (typeof call.body === "string" ? call.body : JSON.stringify(call.body));
  try {
    return await fetch(url(call), {
      method: call.method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("", 0, "UNREACHABLE", "");
  }
}

/** What a response that is not `ok` says. */
export async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  const id = response.headers.get("x-request-id") ?? "";
  try {
    const told = JSON.parse(text) as {
      error?: { code?: string; message?: string };
      error_description?: string;
      message?: string;
      code?: unknown;
    };
    const message = told.error?.message ?? told.error_description ?? told.message ?? text;
    return new ApiError(message, response.status, told.error?.code ?? String(told.code ?? ""), id);
  } catch {
    return new ApiError(text.slice(0, 500) || response.statusText, response.status, "", id);
  }
}
