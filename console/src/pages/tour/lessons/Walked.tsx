import { words } from "../../../state/language";
import type { Text } from "../vectors";
import type { Graph, Walk } from "./graph";

const say = words({
  picture: {
    en: "The texts in the plane, and the way of the search through them",
    ko: "평면에 놓은 글과 검색이 지나간 길",
  },
  query: { en: "the text", ko: "기준 글" },
  entry: { en: "start", ko: "출발점" },
  scored: { en: "compared", ko: "비교함" },
  found: { en: "neighbour found", ko: "찾은 이웃" },
  missed: { en: "neighbour missed", ko: "놓친 이웃" },
});

interface Props {
  readonly texts: readonly Text[];
  readonly points: ReadonlyArray<readonly [number, number]>;
  readonly graph: Graph;
  readonly walked: Walk;
  readonly query: number;
  readonly truth: readonly number[];
  readonly found: readonly number[];
}

const [WIDTH, HEIGHT] = [520, 380];
const KEYS = ["query", "entry", "scored", "found", "missed"] as const;

/** What is what can be told by shape as well as by colour. */
export function Walked({ texts, points, graph, walked, query, truth, found }: Props) {
  const x = (row: number) => WIDTH / 2 + (points[row]?.[0] ?? 0) * (WIDTH / 2 - 16);
  const y = (row: number) => HEIGHT / 2 - (points[row]?.[1] ?? 0) * (HEIGHT / 2 - 16);
  const scored = new Set(walked.scored);
  const kind = (row: number) => {
    if (row === query) return "query";
    if (found.includes(row)) return "found";
    if (truth.includes(row)) return "missed";
    if (row === graph.entry) return "entry";
    return scored.has(row) ? "scored" : "rest";
  };
  const links = graph.links.flatMap((others, row) =>
    others.filter((other) => other > row).map((other) => [row, other]),
  );
  const rows = texts.map((_text, row) => row).sort((one, other) => rank(kind(one)) - rank(kind(other)));
  return (
    <figure class="tour-picture">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={say("picture")}>
        {links.map(([one = 0, other = 0]) => (
          <line
            key={`${one} ${other}`}
            class={scored.has(one) && scored.has(other) ? "near" : ""}
            x1={x(one)}
            y1={y(one)}
            x2={x(other)}
            y2={y(other)}
          />
        ))}
        {rows.map((row) => (
          <g key={row} transform={`translate(${x(row)} ${y(row)})`}>
            <Mark kind={kind(row)} />
            <title>{texts[row]?.text}</title>
          </g>
        ))}
      </svg>
      <figcaption class="row small">
        {KEYS.map((key) => (
          <span key={key} class="row tour-key">
            <svg viewBox="-9 -9 18 18" width="18" height="18" aria-hidden="true">
              <Mark kind={key} />
            </svg>
            {say(key)}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function rank(kind: string): number {
  return ["rest", "scored", "entry", "missed", "found", "query"].indexOf(kind);
}

function Mark({ kind }: { kind: string }) {
  if (kind === "query")
    return <path class="mark query" d="M0 -8 2.4 -2.4 8 -2.2 3.6 1.6 5 7.6 0 4.2 -5 7.6 -3.6 1.6 -8 -2.2 -2.4 -2.4Z" />;
  if (kind === "entry") return <path class="mark entry" d="M0 -6 6 5 -6 5Z" />;
  if (kind === "missed") return <path class="mark missed" d="M-5 -5 5 5M5 -5 -5 5" />;
  return <circle class={`mark ${kind}`} r={kind === "found" ? 6 : kind === "scored" ? 4.5 : 3} />;
}
