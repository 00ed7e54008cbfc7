/** How the arguments of an SDK's call are made. Names on the left are the SDK's, on the right the request's. */

type Names = Readonly<Record<string, string>>;
export type Given = Readonly<Record<string, unknown>>;

export interface Said {
  /** On `pc`, the client, or on `index`. */
  readonly name: string;
  /** Arguments; of Python, one object whose members are the keywords. */
  readonly args: readonly unknown[];
  /** Members of the request that went into the arguments. */
  readonly used: readonly string[];
}

export type Saying = (given: Given) => Said | undefined;

/** One object of named arguments. */
export const named =
  (name: string, names: Names, change: (args: Given) => Given = (args) => args): Saying =>
  (given) => {
    const pairs = Object.entries(names).filter(([, from]) => isGiven(given[from]));
    const args = change(Object.fromEntries(pairs.map(([to, from]) => [to, given[from]])));
    return { name, args: Object.keys(args).length ? [args] : [], used: Object.values(names) };
  };

/** The SDK wants its object of arguments even where nothing is in it. */
export const withObject =
  (saying: Saying): Saying =>
  (given) => {
    const made = saying(given);
    return made && { ...made, args: made.args.length ? made.args : [{}] };
  };

/** Arguments by place. */
export const placed =
  (name: string, ...names: readonly string[]): Saying =>
  (given) => {
    const args = names.map((from) => given[from]);
    while (args.length && !isGiven(args.at(-1))) args.pop();
    return { name, args, used: names };
  };

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== "";
}

/** The same name in both. */
export const same = (...names: readonly string[]): Names => Object.fromEntries(names.map((name) => [name, name]));
export const camel = (...names: readonly string[]): Names =>
  Object.fromEntries(names.map((name) => [camelCase(name), name]));
export const snake = (...names: readonly string[]): Names =>
  Object.fromEntries(names.map((name) => [snakeCase(name), name]));

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The members of an object under names of TypeScript. */
export function camelKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [camelCase(name), one]));
}

const SEARCH = new Set(["top_k", "filter", "inputs", "vector", "id", "match_terms"]);

/** The TypeScript SDK sends no member of a query but those it knows. */
export const searchRecords: Saying = (given) => {
  const { query, ...rest } = given;
  const known = Object.entries((query ?? {}) as object).filter(([name]) => SEARCH.has(name));
  const said = known.map(([name, value]) => [camelCase(name), name === "vector" ? camelKeys(value) : value]);
  const shaped = { ...rest, query: Object.fromEntries(said), rerank: camelKeys(given.rerank) };
  const used = known.map(([name]) => `query.${name}`);
  const made = named("index.searchRecords", same("namespace", "query", "fields", "rerank"))(shaped);
  return made && { ...made, used: [...made.used.filter((name) => name !== "query"), ...used] };
};

export const texts = (args: Given): Given => ({
  ...args,
  inputs: (args.inputs as ReadonlyArray<string | { text: string }>).map((one) =>
    typeof one === "string" ? one : one.text,
  ),
});

export const configured: Saying = named(
  "pc.configureIndex",
  camel("name", "deletion_protection", "tags", "embed"),
  (args) => ({
    ...args,
    ...(args.embed ? { embed: camelKeys(args.embed) } : {}),
  }),
);

/** The TypeScript SDK has a method of its own for each way to delete. */
export const deleteVectors: Saying = (given) => {
  if (given.deleteAll === true) {
    const made = named("index.deleteAll", same("namespace"))(given);
    return made && { ...made, used: [...made.used, "deleteAll"] };
  }
  return named("index.deleteMany", same("namespace", "ids", "filter"))(given);
};
