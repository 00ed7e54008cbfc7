/** What the server allows by default (docs/server.md, `limits.*`): told before anything is sent. */

export const LIMITS = {
  indexName: 45,
  dimension: 20_000,
  tags: 20,
  tagKey: 80,
  tagValue: 120,
} as const;

export type NameProblem = "empty" | "letters" | "ends" | "long" | "taken";

/** What is wrong with the name of a new index; undefined when nothing is. */
export function wrongIndexName(name: string): NameProblem | undefined {
  if (!name) return "empty";
  if (!/^[a-z0-9-]*$/.test(name)) return "letters";
  if (name.startsWith("-") || name.endsWith("-")) return "ends";
  if (name.length > LIMITS.indexName) return "long";
  return name === "create-for-model" ? "taken" : undefined;
}

/** "3" as 3; undefined where it is no whole number from least to most. */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  const trimmed = text.trim();
  if (!/^\d{1,12}$/.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return value >= least && value <= most ? value : undefined;
}
