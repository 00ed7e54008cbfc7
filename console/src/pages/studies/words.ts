import { words } from "../../state/language";

const say = words({
  index: { en: "index", ko: "인덱스" },
  kind: { en: "kind", ko: "종류" },
  n: { en: "rows", ko: "벡터 수" },
  build_seconds: { en: "build s", ko: "구축(초)" },
  megabytes: { en: "index MB", ko: "인덱스 MB" },
  bytes_per_vector: { en: "bytes per vector", ko: "벡터당 바이트" },
  rss_megabytes: { en: "RSS MB", ko: "RSS 증가 MB" },
  peak_megabytes: { en: "peak MB", ko: "최대 MB" },
  milliseconds: { en: "ms per query", ko: "질의당 ms" },
  fastest: { en: "fastest ms", ko: "최소 ms" },
  slowest: { en: "slowest ms", ko: "최대 ms" },
  p50: { en: "p50 ms", ko: "p50 ms" },
  p99: { en: "p99 ms", ko: "p99 ms" },
  recall_at_1: { en: "R@1", ko: "R@1" },
  recall_at_k: { en: "R@{k}", ko: "R@{k}" },
  returned: { en: "results", ko: "결과 수" },
  load: { en: "load", ko: "부하" },
  filter: { en: "share that matches", ko: "조건에 맞는 비율" },
});

type Known = Parameters<typeof say>[0];
const KNOWN: ReadonlySet<string> = new Set([
  "index",
  "kind",
  "n",
  "build_seconds",
  "megabytes",
  "bytes_per_vector",
  "rss_megabytes",
  "peak_megabytes",
  "milliseconds",
  "fastest",
  "slowest",
  "p50",
  "p99",
  "recall_at_1",
  "recall_at_k",
  "returned",
  "load",
  "filter",
]);

/** How a column is called; parameters keep the names that they have on the command line. */
export function columnName(column: string, k: number): string {
  return KNOWN.has(column) ? say(column as Known, { k }) : column;
}
