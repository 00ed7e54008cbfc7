import { signal } from "@preact/signals";
import { fetchToken } from "../../../api/admin";
import { ApiError } from "../../../api/client";

interface Signed {
  readonly token: string;
  readonly client: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The admin API's token: in this tab's memory, and gone with it. The client's secret is not kept at all. */
export const signed = signal<Signed | null>(null);
/** Whether the last one ended by itself. */
export const expired = signal(false);

export async function signIn(client: string, secret: string): Promise<void> {
  const { access_token, expires_in } = await fetchToken(client, secret);
  expired.value = false;
  signed.value = { token: access_token, client, until: Date.now() + expires_in * 1000 };
}

export function signOut(): void {
  signed.value = null;
}

/** Of a call with the token: one that is refused because the token no longer counts ends the session. */
export async function within<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      expired.value = true;
      signed.value = null;
    }
    throw error;
  }
}
