import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark" | "contrast";
export const THEMES: readonly Theme[] = ["system", "light", "dark", "contrast"];

const STORED = "pinyon.theme";

function stored(): Theme {
  const value = globalThis.localStorage?.getItem(STORED);
  return THEMES.find((theme) => theme === value) ?? "system";
}

export const theme = signal<Theme>(stored());

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(STORED, chosen);
  applyTheme();
}

/** The stylesheet reads `data-theme`; without it, the system decides. */
export function applyTheme(): void {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
}
