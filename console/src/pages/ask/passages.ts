/** Where a sentence stands in a passage, and which words of a passage a question is about. */

import type { Snippet } from "../../api/assistants";

export interface Part {
  readonly text: string;
  readonly marked: boolean;
}

/** [start, end) of a quote in a text, whatever the white space between its words; undefined where it is not. */
export function placeOf(text: string, quote: string): readonly [number, number] | undefined {
  const words = quote.split(/\s+/).filter(Boolean);
  if (!words.length) return undefined;
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const match = new RegExp(pattern, "u").exec(text);
  return match ? [match.index, match.index + match[0].length] : undefined;
}

export interface Found {
  readonly snippet: Snippet;
  /** Its place among the snippets, from 1. */
  readonly rank: number;
  readonly parts: readonly Part[];
}

/** The passage that a quote of a file stands in. Without a quote, the best passage of that file. */
export function passageOf(snippets: readonly Snippet[], fileId: string, quote: string): Found | undefined {
  const own = snippets.map((snippet, at) => ({ snippet, rank: at + 1 })).filter((one) => isOf(one.snippet, fileId));
  for (const one of own) {
    const place = placeOf(one.snippet.content, quote);
    if (place) return { ...one, parts: cut(one.snippet.content, [place]) };
  }
  const [best] = own;
  return quote || !best ? undefined : { ...best, parts: [{ text: best.snippet.content, marked: false }] };
}

const isOf = (snippet: Snippet, fileId: string) => snippet.reference.file.id === fileId;

const USUAL = new Set(
  `a about an and are as at be by can did do does for from had has have how i in is it its many much no not of on or
  that the their them there these they this to was were what when where which who why will with would you your`.split(
    /\s+/,
  ),
);
const PARTICLES =
  /(?:에서는|에서의|으로는|까지는|부터는|에게서|입니까|인가요|나요|은|는|이|가|을|를|의|에|에서|에는|로|으로|와|과|도|만|까지|부터|께|에게|한테|보다|처럼)$/;

/** The words of a question that are worth marking: no usual ones, Korean ones without their particles. */
export function wordsOf(question: string): readonly string[] {
  const found = new Set<string>();
  for (const [word] of question.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    const bare = /\p{Script=Hangul}/u.test(word) ? withoutParticle(word) : word;
    if (!USUAL.has(bare) && (bare.length > 1 || /\p{N}/u.test(bare))) found.add(bare);
  }
  return [...found];
}

function withoutParticle(word: string): string {
  const bare = word.replace(PARTICLES, "");
  return bare.length > 1 ? bare : word;
}

/** A text with the words of a question marked where a word begins with one. */
export function highlighted(text: string, question: string): readonly Part[] {
  const words = [...wordsOf(question)].sort((one, other) => other.length - one.length);
  if (!words.length) return [{ text, marked: false }];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})`, "giu");
  return cut(
    text,
    [...text.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length]),
  );
}

function cut(text: string, places: ReadonlyArray<readonly [number, number]>): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const [start, end] of places) {
    if (start > from) parts.push({ text: text.slice(from, start), marked: false });
    parts.push({ text: text.slice(start, end), marked: true });
    from = end;
  }
  if (from < text.length) parts.push({ text: text.slice(from), marked: false });
  return parts;
}
