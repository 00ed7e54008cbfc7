const NAMES: Readonly<Record<string, string>> = { en: "English", ko: "한국어" };

/** Each language is named in itself. */
export function LanguageBadge({ language }: { language: string | undefined }) {
  if (!language) return null;
  return <span class={`badge tour-${NAMES[language] ? language : "other"}`}>{NAMES[language] ?? language}</span>;
}
