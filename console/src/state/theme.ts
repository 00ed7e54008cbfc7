import { computed, effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark" | "contrast";
export const THEMES: readonly Theme[] = ["system", "light", "dark", "contrast"];

const STORED = "pinyon.theme";

function stored(): Theme {
  const value = globalThis.localStorage?.getItem(STORED);
  return THEMES.find((theme) => theme === value) ?? "system";
}

/** What was chosen. */
export const theme = signal<Theme>(stored());

const system = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
const dark = signal(system?.matches ?? false);
system?.addEventListener("change", () => {
  dark.value = system.matches;
});

/** What is to be seen: the system's, where that was chosen. */
export const shownTheme = computed(() => (theme.value === "system" ? (dark.value ? "dark" : "light") : theme.value));

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(STORED, chosen);
}

/** Tells the stylesheet, which reads `data-theme`, from now on. */
export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = shownTheme.value;
  });
}
