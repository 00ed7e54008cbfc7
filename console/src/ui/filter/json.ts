/** JSON with the place of every part, so that whatever is wrong with a value can be said where it stands (RFC 8259). */

export type Json =
  | { readonly kind: "object"; readonly start: number; readonly end: number; readonly members: readonly Member[] }
  | { readonly kind: "array"; readonly start: number; readonly end: number; readonly items: readonly Json[] }
  | {
      readonly kind: "string" | "number" | "boolean" | "null";
      readonly start: number;
      readonly end: number;
      readonly value: unknown;
    };

export interface Member {
  readonly name: string;
  /** Where the name stands. */
  readonly start: number;
  readonly end: number;
  readonly value: Json;
}

export type Fault =
  | "unexpected"
  | "unfinished"
  | "trailing"
  | "comma"
  | "name"
  | "colon"
  | "quotes"
  | "word"
  | "escape"
  | "control"
  | "deep"
  | "more";

export class JsonFault extends Error {
  constructor(
    readonly fault: Fault,
    readonly start: number,
    readonly end: number,
  ) {
    super(fault);
  }
}

const DEPTH = 128;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const LITERALS: Readonly<Record<string, { kind: "boolean" | "null"; value: boolean | null }>> = {
  true: { kind: "boolean", value: true },
  false: { kind: "boolean", value: false },
  null: { kind: "null", value: null },
};

/** Throws JsonFault. */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.space();
  if (reader.at < text.length) throw new JsonFault("more", reader.at, text.length);
  return value;
}

class Reader {
  at = 0;
  constructor(private readonly text: string) {}

  space(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  private next(): string {
    this.space();
    const sign = this.text[this.at];
    if (sign === undefined) throw new JsonFault("unfinished", this.at, this.at);
    return sign;
  }

  private fail(fault: Fault, start = this.at, end = start + 1): never {
    throw new JsonFault(fault, start, Math.min(end, this.text.length));
  }

  value(depth: number): Json {
    if (depth > DEPTH) this.fail("deep");
    const sign = this.next();
    if (sign === "{") return this.object(depth);
    if (sign === "[") return this.array(depth);
    if (sign === '"') return this.string();
    if (sign === "'") this.fail("quotes");
    return /[-\d]/.test(sign) ? this.number() : this.word();
  }

  private object(depth: number): Json {
    const start = this.at++;
    const members: Member[] = [];
    if (this.next() === "}") return { kind: "object", start, end: ++this.at, members };
    for (;;) {
      const sign = this.next();
      if (sign !== '"') this.fail(sign === "}" ? "trailing" : sign === "'" ? "quotes" : "name");
      const name = this.string();
      if (this.next() !== ":") this.fail("colon");
      this.at += 1;
      members.push({ name: name.value as string, start: name.start, end: name.end, value: this.value(depth + 1) });
      if (this.ends("}")) return { kind: "object", start, end: this.at, members };
    }
  }

  private array(depth: number): Json {
    const start = this.at++;
    const items: Json[] = [];
    if (this.next() === "]") return { kind: "array", start, end: ++this.at, items };
    for (;;) {
      if (this.next() === "]") this.fail("trailing");
      items.push(this.value(depth + 1));
      if (this.ends("]")) return { kind: "array", start, end: this.at, items };
    }
  }

  /** Passes over a comma, or the closing bracket, and says which it was. */
  private ends(bracket: string): boolean {
    const sign = this.next();
    if (sign !== bracket && sign !== ",") this.fail("comma");
    this.at += 1;
    return sign === bracket;
  }

  private string(): Extract<Json, { value: unknown }> {
    const start = this.at++;
    for (;;) {
      const sign = this.text[this.at];
      if (sign === undefined) this.fail("unfinished", start, this.text.length);
      if (sign < " ") this.fail("control");
      if (sign === '"') break;
      if (sign === "\\") {
        if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(this.text.slice(this.at, this.at + 6))) {
          this.fail("escape", this.at, this.at + 2);
        }
        this.at += 1;
      }
      this.at += 1;
    }
    this.at += 1;
    return { kind: "string", start, end: this.at, value: JSON.parse(this.text.slice(start, this.at)) };
  }

  private number(): Json {
    const start = this.at;
    NUMBER.lastIndex = start;
    const found = NUMBER.exec(this.text)?.[0];
    if (!found) this.fail("unexpected");
    this.at += found.length;
    if (/[\w.]/.test(this.text[this.at] ?? " ")) this.fail("unexpected", start, this.at + 1);
    return { kind: "number", start, end: this.at, value: Number(found) };
  }

  private word(): Json {
    const start = this.at;
    WORD.lastIndex = start;
    const found = WORD.exec(this.text)?.[0];
    if (!found) this.fail("unexpected");
    const literal = Object.hasOwn(LITERALS, found) ? LITERALS[found] : undefined;
    if (!literal) this.fail("word", start, start + found.length);
    this.at += found.length;
    return { ...literal, start, end: this.at };
  }
}

/** Line and column of a place, both from 1. */
export function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
}
