/** Every page has an address that can be shared; this is the one place that knows them. */

export const BASE = "/console";

export const to = {
  indexes: () => `${BASE}/`,
  index: (name: string) => `${BASE}/indexes/${encodeURIComponent(name)}`,
  browse: (name: string) => `${to.index(name)}/browse`,
  search: (name: string) => `${to.index(name)}/search`,
  proof: (name: string) => `${to.index(name)}/proof`,
  map: (name: string) => `${to.index(name)}/map`,
  backups: () => `${BASE}/backups`,
  ask: (assistant?: string) => (assistant ? `${BASE}/ask/${encodeURIComponent(assistant)}` : `${BASE}/ask`),
  studies: () => `${BASE}/studies`,
  operate: (section = "") => (section ? `${BASE}/operate/${section}` : `${BASE}/operate`),
  tour: () => `${BASE}/tour`,
} as const;

/** An address with these parameters; empty ones are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}
