/** Values as they are written in JSON, Python and TypeScript, and texts as a shell takes them. Any text comes out as it
 * is: what nobody sees (control characters, marks of direction, joiners) is written as an escape. */

const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}\p{Co}]/gu;
const NAME = /^[A-Za-z_$][\w$]*$/;
const WIDTH = 96;

export interface Syntax {
  readonly text: (text: string) => string;
  readonly yes: string;
  readonly no: string;
  readonly nothing: string;
  readonly key: (name: string) => string;
  readonly step: string;
  /** Space inside the braces of an object on one line. */
  readonly inside: string;
  /** A comma behind the last member of what takes several lines. */
  readonly trailing: string;
}

export const JSON_SYNTAX: Syntax = {
  text: (text) => escaped(text, pair),
  yes: "true",
  no: "false",
  nothing: "null",
  key: (name) => escaped(name, pair),
  step: "  ",
  inside: "",
  trailing: "",
};

export const TYPESCRIPT: Syntax = {
  ...JSON_SYNTAX,
  key: (name) => (name === "__proto__" ? '["__proto__"]' : NAME.test(name) ? name : escaped(name, pair)),
  inside: " ",
  trailing: ",",
};

export const PYTHON: Syntax = {
  ...JSON_SYNTAX,
  text: (text) => escaped(text, whole),
  yes: "True",
  no: "False",
  nothing: "None",
  key: (name) => escaped(name, whole),
  step: "    ",
  trailing: ",",
};

/** What JSON can say, in `syntax`: on one line where it is short or a list of numbers. indent: of its first line. */
export function literal(value: unknown, syntax: Syntax, indent = "", before = 0): string {
  const line = flat(value, syntax);
  if (line.length + indent.length + before <= WIDTH || !isNested(value)) return line;
  const inner = indent + syntax.step;
  const lines = Array.isArray(value)
    ? value.map((one) => inner + literal(one, syntax, inner))
    : members(value).map(([name, one]) => {
        const key = `${syntax.key(name)}: `;
        return inner + key + literal(one, syntax, inner, key.length);
      });
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${lines.join(",\n")}${syntax.trailing}\n${indent}${close}`;
}

function flat(value: unknown, syntax: Syntax): string {
  if (typeof value === "string") return syntax.text(value);
  if (value === true) return syntax.yes;
  if (value === false) return syntax.no;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : syntax.nothing;
  if (value === null || value === undefined) return syntax.nothing;
  if (Array.isArray(value)) return `[${value.map((one) => flat(one, syntax)).join(", ")}]`;
  const parts = members(value).map(([name, one]) => `${syntax.key(name)}: ${flat(one, syntax)}`);
  return parts.length ? `{${syntax.inside}${parts.join(", ")}${syntax.inside}}` : "{}";
}

/** Of an object, what JSON keeps: members that have a value. */
function members(value: unknown): Array<[string, unknown]> {
  return Object.entries(value as object).filter(([, one]) => one !== undefined);
}

function isNested(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && !value.every((one) => typeof one === "number");
  return typeof value === "object" && value !== null && members(value).length > 0;
}

// JSON's text literals are literals of Python and TypeScript as well, with the same meaning.
function escaped(text: string, written: (code: number) => string): string {
  return JSON.stringify(text).replace(UNSEEN, (found) => written(found.codePointAt(0) ?? 0));
}

/** UTF-16, as in JSON and TypeScript. */
function pair(code: number): string {
  return [...units(String.fromCodePoint(code))].map((unit) => `\\u${hex(unit, 4)}`).join("");
}

/** One code point, as in Python, where halves of a pair are no text. */
function whole(code: number): string {
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function* units(text: string): Iterable<number> {
  for (let at = 0; at < text.length; at += 1) yield text.charCodeAt(at);
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}

/** One word of a command. What is unseen takes bash's and zsh's $'...', as bytes of UTF-8. No shell passes on U+0000. */
export function shell(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!/[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/u.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const parts = Array.from(text, (character) => {
    if (character === "\n") return "\\n";
    if (character === "'" || character === "\\") return `\\${character}`;
    if (!/[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/u.test(character)) return character;
    return Array.from(new TextEncoder().encode(character), (byte) => `\\x${hex(byte, 2)}`).join("");
  });
  return `$'${parts.join("")}'`;
}
