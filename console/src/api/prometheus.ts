/** Prometheus' text format, as GET /metrics answers it. https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of the family that the sample belongs to. */
  readonly help: string;
  readonly type: string;
}

const LINE = /^([A-Za-z_:][\w:]*)\s*(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const PARTS = /_(?:bucket|sum|count)$/;

/** Every sample, in the order of the text. A line that is none of the format is passed over. */
export function parseMetrics(text: string): Sample[] {
  const help = new Map<string, string>();
  const types = new Map<string, string>();
  const found: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) {
      const [, kind, name, about] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
      if (name) (kind === "HELP" ? help : types).set(name, unescaped(about ?? ""));
      continue;
    }
    const [, name, inside = "", value] = LINE.exec(line) ?? [];
    if (!name || value === undefined) continue;
    const labels: Record<string, string> = {};
    for (const [, label, said] of inside.matchAll(LABEL)) if (label) labels[label] = unescaped(said ?? "");
    const family = types.has(name) ? name : name.replace(PARTS, "");
    found.push({
      name,
      labels,
      value: numeric(value),
      help: help.get(family) ?? "",
      type: types.get(family) ?? "untyped",
    });
  }
  return found;
}

function numeric(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_whole, one: string) => (one === "n" ? "\n" : one));
}
