/** The little of Markdown that answers use, as a tree. It makes no links and no HTML: what looks like either is text. */

export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bold"; readonly parts: readonly Inline[] }
  | { readonly kind: "code"; readonly text: string }
  /** number: which of the marks that were put into the text. */
  | { readonly kind: "mark"; readonly number: number };

export type Block =
  | { readonly kind: "paragraph" | "heading"; readonly parts: readonly Inline[] }
  | { readonly kind: "code"; readonly parts: readonly Inline[] }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: ReadonlyArray<readonly Inline[]> };

// Private characters stand for marks while the text is parsed; those of the text itself are replaced before.
const OPEN = "\uE000";
const CLOSE = "\uE001";
const MARK = /\uE000(\d+)\uE001/;
const FENCE = /^\s{0,3}(```|~~~)/;
const BULLET = /^\s*[-*+•]\s+(.*)$/;
const NUMBERED = /^\s*\d{1,3}[.)]\s+(.*)$/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*)$/;
const INLINE = /\uE000\d+\uE001|`[^`\n]+`|\*\*(?=\S)[^\n]*?\S\*\*|!?\[[^\]\n]*\]\((?:[^()\s]|\([^()\s]*\))*\)/g;

/** at: offsets in the text, rising; the mark at `at[n]` is number n. */
export function parse(text: string, at: readonly number[] = []): readonly Block[] {
  return blocks(marked(text, at));
}

/** The text as it is, in one paragraph, with its marks. */
export function plain(text: string, at: readonly number[] = []): readonly Inline[] {
  return texts(marked(text, at));
}

function marked(text: string, at: readonly number[]): string {
  const clean = text.replace(/[\uE000\uE001]/g, "\uFFFD"); // as long as before
  let from = 0;
  const parts = at.map((place, number) => {
    const until = Math.max(from, place);
    const part = `${clean.slice(from, until)}${OPEN}${number}${CLOSE}`;
    from = until;
    return part;
  });
  return parts.join("") + clean.slice(from);
}

function blocks(text: string): readonly Block[] {
  const lines = text.split(/\r\n|\n|\r/);
  const found: Block[] = [];
  let paragraph: string[] = [];
  const close = () => {
    if (paragraph.length) found.push({ kind: "paragraph", parts: inline(paragraph.join("\n")) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const fence = FENCE.exec(line)?.[1];
    const heading = HEADING.exec(line)?.[1];
    if (fence) {
      close();
      const code: string[] = [];
      for (at++; at < lines.length && !(lines[at] ?? "").trimStart().startsWith(fence); at++)
        code.push(lines[at] ?? "");
      // A mark may stand on the closing line.
      const rest = (lines[at] ?? "").trimStart().slice(fence.length);
      found.push({ kind: "code", parts: texts(code.join("\n") + (MARK.test(rest) ? rest : "")) });
    } else if (BULLET.test(line) || NUMBERED.test(line)) {
      close();
      at = list(lines, at, found);
    } else if (heading !== undefined) {
      close();
      found.push({ kind: "heading", parts: inline(heading) });
    } else if (line.trim() === "") close();
    else paragraph.push(line);
  }
  close();
  return found;
}

/** The place of the last line of a list that begins here. */
function list(lines: readonly string[], from: number, found: Block[]): number {
  const pattern = BULLET.test(lines[from] ?? "") ? BULLET : NUMBERED;
  const items: string[] = [];
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const item = pattern.exec(line)?.[1];
    if (item !== undefined) items.push(item);
    else if (/^\s+\S/.test(line) && !FENCE.test(line)) items.push(`${items.pop() ?? ""}\n${line.trim()}`);
    else break;
  }
  found.push({ kind: "list", ordered: pattern === NUMBERED, items: items.map(inline) });
  return at - 1;
}

function inline(text: string): readonly Inline[] {
  const found: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) found.push({ kind: "text", text: text.slice(from, match.index) });
    found.push(...special(match[0]));
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ kind: "text", text: text.slice(from) });
  return found;
}

function special(found: string): readonly Inline[] {
  const mark = MARK.exec(found);
  if (found.startsWith(OPEN) && mark) return [{ kind: "mark", number: Number(mark[1]) }];
  if (found.startsWith("`")) return code(found.slice(1, -1));
  if (found.startsWith("**")) return [{ kind: "bold", parts: inline(found.slice(2, -2)) }];
  const middle = found.lastIndexOf("](");
  const name = found.slice(found.indexOf("[") + 1, middle);
  return inline(`${name} (${found.slice(middle + 2, -1)})`); // where it leads is to be read, not to be followed
}

function code(text: string): readonly Inline[] {
  return texts(text).map((part) => (part.kind === "text" ? { kind: "code", text: part.text } : part));
}

/** Texts and marks only. */
function texts(text: string): readonly Inline[] {
  return text
    .split(/(\uE000\d+\uE001)/)
    .filter(Boolean)
    .map((part) => {
      const mark = MARK.exec(part);
      return mark ? { kind: "mark", number: Number(mark[1]) } : { kind: "text", text: part };
    });
}
