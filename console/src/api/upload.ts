/** Sends a form and tells how far it is, which `fetch` cannot. */

import { askForKey, key } from "../state/session";
import { API_VERSION, ApiError, type Call, refusal, url } from "./client";

/** The answer's JSON. onProgress: the share of the body that was sent, 0 to 1. Throws as `send` does. */
export async function upload<Answer>(
  call: Call,
  onProgress: (share: number) => void,
  signal?: AbortSignal,
): Promise<Answer> {
  for (;;) {
    const used = key.value;
    const response = await attempt(call, onProgress, signal);
    if (response.ok) return (await response.json()) as Answer;
    const error = await refusal(response);
    if (response.status !== 401) throw error;
    if (key.value === used && !(await askForKey(error.message))) throw error;
  }
}

function attempt(call: Call, onProgress: (share: number) => void, signal?: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(call.method, url(call));
    request.setRequestHeader("X-Pinecone-Api-Version", API_VERSION);
    if (key.value) request.setRequestHeader("Api-Key", key.value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new ApiError("", 0, "UNREACHABLE", ""));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onload = () => {
      const id = request.getResponseHeader("x-request-id");
      const headers = id ? { "x-request-id": id } : {};
      resolve(new Response(request.responseText || null, { status: request.status, headers }));
    };
    request.onloadend = () => signal?.removeEventListener("abort", stop);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) return reject(new DOMException("stopped", "AbortError"));
    request.send(call.form ?? null);
  });
}
