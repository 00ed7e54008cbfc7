/** Every text of the console stands in both languages, side by side, next to the page that shows it. */

import { signal } from "@preact/signals";

export type Language = "en" | "ko";
export type Values = Readonly<Record<string, string | number>>;
/** In English a text that counts has two forms, chosen by the value named `count`. */
interface Said {
  readonly en: string | { readonly one: string; readonly other: string };
  readonly ko: string;
}

const STORED = "pinyon.language";

function preferred(): Language {
  const stored = globalThis.localStorage?.getItem(STORED);
  if (stored === "en" || stored === "ko") return stored;
  return globalThis.navigator?.language.startsWith("ko") ? "ko" : "en";
}

export const language = signal<Language>(preferred());

export function setLanguage(chosen: Language): void {
  language.value = chosen;
  localStorage.setItem(STORED, chosen);
  document.documentElement.lang = chosen;
}

/** The texts of a page: `const say = words({...})`, then `say("title")` or `say("found", { count })`. */
export function words<Key extends string>(dictionary: Readonly<Record<Key, Said>>) {
  return (key: Key, values: Values = {}): string => {
    const said = dictionary[key][language.value];
    const text = typeof said === "string" ? said : Number(values.count) === 1 ? said.one : said.other;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? number(value) : value;
    });
  };
}

export function number(value: number, digits = 3): string {
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: digits }).format(value);
}

export function percent(share: number, digits = 1): string {
  return new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: digits }).format(share);
}

export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${number(value / 1024 ** step, step === 0 ? 0 : 1)} ${units[step]}`;
}

export function moment(when: string | number | Date): string {
  const date = new Date(when);
  if (Number.isNaN(date.getTime())) return String(when);
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "medium" }).format(date);
}
