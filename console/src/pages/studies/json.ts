/** Values out of JSON that somebody else wrote. Pure. */

export type Json = { readonly [name: string]: unknown };

/** What is missing, or is not what it should be: its path. */
export class Missing extends Error {}

export function isObject(found: unknown): found is Json {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

export function object(found: Json, name: string): Json {
  const value = found[name];
  if (!isObject(value)) throw new Missing(name);
  return value;
}

export function string(found: Json, name: string): string {
  const value = found[name];
  if (typeof value !== "string") throw new Missing(`settings.${name}`);
  return value;
}

export function number(found: unknown): number | null {
  return typeof found === "number" && Number.isFinite(found) ? found : null;
}

export function lengthOf(found: unknown): number {
  return Array.isArray(found) ? found.length : 1;
}

export function shown(found: unknown): string {
  const text =
    typeof found === "string" ? found : Array.isArray(found) ? found.map(shown).join(", ") : JSON.stringify(found);
  return (text ?? "").slice(0, 300);
}

export function flat(found: Json): Array<readonly [string, string]> {
  return Object.entries(found).flatMap(([name, value]): Array<readonly [string, string]> => {
    if (value === null || value === undefined || lengthOf(value) === 0) return [];
    if (isObject(value)) return flat(value).map(([inner, one]) => [`${name}.${inner}`, one]);
    return [[name, shown(value)]];
  });
}
