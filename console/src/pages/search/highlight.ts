/** Which parts of a text hold words of the query. Particles and endings do not matter, as far as can be told without a
 * dictionary. */

export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const HANGUL = /^[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]+$/;
const CJK = /[\u3040-\u30ff\u3400-\u9fff]/;
/** Longest first, so that 에서 is not taken for 서. */
const PARTICLES =
  /(?:에서부터|으로부터|에게서|에서는|에서도|이라는|이라고|까지는|에서|에게|한테|부터|까지|처럼|보다|마다|조차|이나|이란|라는|으로|와는|과는|에는|에도|은|는|이|가|을|를|의|에|도|만|와|과|로|나|란)$/;
const ASKING = new Set(
  "a an and are as at by do does for from how in is it its of on or that the this to was what when where which who why with".split(
    " ",
  ),
);
/** As many letters an English ending may have: -s, -ing, -ation. */
const ENDING = 5;

export function words(query: string): readonly string[] {
  const all = [...new Set((query.match(WORD) ?? []).map(folded))];
  const telling = all.filter((word) => !ASKING.has(word));
  return (telling.length ? telling : all).map(stem);
}

/** The text in pieces, which together are the text. */
export function highlight(text: string, wanted: readonly string[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  const mark = (from: number, to: number) => {
    if (from > end) pieces.push({ text: text.slice(end, from), marked: false });
    pieces.push({ text: text.slice(from, to), marked: true });
    end = to;
  };
  for (const found of text.matchAll(WORD)) {
    const [from, to] = best(found[0], wanted) ?? [0, 0];
    if (to > from) mark(found.index + from, found.index + to);
  }
  if (end < text.length || !pieces.length) pieces.push({ text: text.slice(end), marked: false });
  return pieces;
}

/** The longest part of a word that one of the words covers. */
function best(word: string, wanted: readonly string[]): readonly [number, number] | undefined {
  const plain = folded(word);
  let found: readonly [number, number] | undefined;
  for (const one of wanted) {
    const part = covered(plain, one);
    if (part && (!found || part[1] - part[0] > found[1] - found[0])) found = part;
  }
  // A letter may become two when it is folded: then places are not those of the text.
  return found && plain.length !== word.length ? [0, word.length] : found;
}

function covered(word: string, wanted: string): readonly [number, number] | undefined {
  if (word === wanted) return [0, word.length];
  if (HANGUL.test(wanted)) {
    const at = word.indexOf(wanted);
    if (at < 0) return undefined;
    if (wanted.length >= 3) return [at, at + wanted.length]; // also inside of a compound
    return at === 0 && (wanted.length >= 2 || stem(word) === wanted) ? [0, wanted.length] : undefined;
  }
  if (CJK.test(wanted)) {
    const at = word.indexOf(wanted);
    return at < 0 ? undefined : [at, at + wanted.length];
  }
  const [short, long] = word.length < wanted.length ? [word, wanted] : [wanted, word];
  const akin = short.length >= 4 && long.startsWith(short) && long.length - short.length <= ENDING;
  return akin || `${short}s` === long ? [0, word.length] : undefined;
}

/** A Korean word without its particle, where something is left. */
function stem(word: string): string {
  if (!HANGUL.test(word)) return word;
  const without = word.replace(PARTICLES, "");
  return without || word;
}

function folded(word: string): string {
  return word.normalize("NFC").toLowerCase();
}
