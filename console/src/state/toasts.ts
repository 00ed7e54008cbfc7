import { signal } from "@preact/signals";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "good" | "bad";
}

const SECONDS = 6;
let last = 0;

export const toasts = signal<readonly Toast[]>([]);

export function toast(text: string, tone: Toast["tone"] = "good"): void {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value, { id, text, tone }];
  if (tone === "good") setTimeout(() => dismiss(id), SECONDS * 1000); // what went wrong stays until it was read
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
