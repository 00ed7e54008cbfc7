/** What is shown of a vector, and vectors as they are typed. */

export interface VectorFacts {
  readonly norm: number;
  readonly least: number;
  readonly most: number;
}

export function factsOf(values: readonly number[]): VectorFacts {
  let squares = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    squares += value * value;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { norm: Math.sqrt(squares), least, most };
}

/** At most `count` bars in -1..1: of neighbours, the number that is furthest from zero. */
export function barsOf(values: readonly number[], count: number): number[] {
  const width = Math.max(1, values.length / count);
  const bars = Array.from({ length: Math.min(count, values.length) }, (_, at) => {
    let bar = 0;
    for (let place = Math.floor(at * width); place < Math.floor((at + 1) * width); place++) {
      const value = values[place] ?? 0;
      if (Math.abs(value) > Math.abs(bar)) bar = value;
    }
    return bar;
  });
  const largest = bars.reduce((most, bar) => Math.max(most, Math.abs(bar)), 0) || 1;
  return bars.map((bar) => Math.round((bar / largest) * 1000) / 1000);
}

/** Numbers as people paste them: with commas, spaces or line breaks between them, in brackets or not. */
export function numbersOf(text: string): { readonly numbers: readonly number[]; readonly wrong?: string } {
  const numbers: number[] = [];
  for (const word of text.replace(/^\s*\[|\]\s*$/g, "").split(/[\s,;]+/)) {
    if (!word) continue;
    const value = Number(word);
    if (!Number.isFinite(value)) return { numbers, wrong: word.slice(0, 40) };
    numbers.push(value);
  }
  return { numbers };
}

/** Entries such as `12: 0.5`, with commas or line breaks between them. */
export function sparseOf(text: string): {
  readonly indices: number[];
  readonly values: number[];
  readonly wrong?: string;
} {
  const indices: number[] = [];
  const values: number[] = [];
  for (const entry of text.split(/[\n,;]+/)) {
    if (!entry.trim()) continue;
    const [place, value, more] = entry.split(":").map((part) => Number(part.trim() || Number.NaN));
    if (
      place === undefined ||
      value === undefined ||
      more !== undefined ||
      !Number.isInteger(place) ||
      !Number.isFinite(value)
    ) {
      return { indices, values, wrong: entry.trim().slice(0, 40) };
    }
    indices.push(place);
    values.push(value);
  }
  return { indices, values };
}
