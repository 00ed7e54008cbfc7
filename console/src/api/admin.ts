/** The admin API: projects, keys and service accounts. It takes a token, which a client id and its secret give. */

import { type Call, send } from "./client";

export interface Token {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly roles: readonly string[];
  readonly created_at: string;
  readonly index?: string;
  readonly namespace?: string;
  readonly expires_at?: string;
  readonly last_used_at?: string;
}

export interface NewKey {
  readonly name: string;
  readonly roles: readonly string[];
  readonly index?: string;
  readonly namespace?: string;
  readonly expires_at?: string;
}

export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly client_id: string;
  readonly created_at: string;
}

export const askForToken = (id: string, secret: string): Call => ({
  method: "POST",
  path: "/oauth/token",
  body: { client_id: id, client_secret: secret, grant_type: "client_credentials" },
  keyless: true,
});

function call(token: string, method: Call["method"], path: string, body?: unknown): Call {
  const headers = { Authorization: `Bearer ${token}` };
  return { method, path: `/admin/${path}`, headers, keyless: true, ...(body === undefined ? {} : { body }) };
}

const within = (id: string) => encodeURIComponent(id);

/** What a token may do, as calls: `admin(token).keys(project)`. */
export function admin(token: string) {
  return {
    projects: () => call(token, "GET", "projects"),
    createProject: (name: string) => call(token, "POST", "projects", { name }),
    keys: (project: string) => call(token, "GET", `projects/${within(project)}/api-keys`),
    createKey: (project: string, key: NewKey) => call(token, "POST", `projects/${within(project)}/api-keys`, key),
    changeKey: (id: string, changes: { name?: string; roles?: readonly string[] }) =>
      call(token, "PATCH", `api-keys/${within(id)}`, changes),
    revokeKey: (id: string) => call(token, "DELETE", `api-keys/${within(id)}`),
    accounts: () => call(token, "GET", "service-accounts"),
    createAccount: (name: string, role: string) =>
      call(token, "POST", "service-accounts", { name, role_bindings: [{ resource_type: "organization", role }] }),
    deleteAccount: (id: string) => call(token, "DELETE", `service-accounts/${within(id)}`),
  };
}

export const fetchToken = (id: string, secret: string) => send<Token>(askForToken(id, secret));
export const fetchProjects = async (token: string, signal?: AbortSignal) =>
  (await send<{ data: readonly Project[] }>(admin(token).projects(), signal)).data;
export const fetchKeys = async (token: string, project: string, signal?: AbortSignal) =>
  (await send<{ data: readonly ApiKey[] }>(admin(token).keys(project), signal)).data;
export const fetchAccounts = async (token: string, signal?: AbortSignal) =>
  (await send<{ data: readonly ServiceAccount[] }>(admin(token).accounts(), signal)).data;
