import { describe, expect, it } from "vitest";
import { columnsOf, drawn, numeric, sorted, usual } from "./columns";
import { type Results, read, withFile } from "./read";

const row = (kind: string, parameters: object, more: object = {}) => ({
  kind,
  parameters,
  n: 1000,
  build_seconds: 0.5,
  serialised_bytes: 64_000,
  rss_bytes: null,
  peak_bytes: null,
  milliseconds: [0.2, 0.1, 0.4],
  recall_at_1: 0.9,
  recall_at_k: 0.8,
  returned: 10,
  load: 0.5,
  error: null,
  p50: 0.15,
  p99: 0.3,
  ...more,
});
const study = (name: string, options: object, rows: readonly object[], more: object = {}) =>
  JSON.stringify({
    format: "pinyon study 1",
    complete: true,
    started: "2026-11-01T10:00:00+00:00",
    settings: { study: name, options, source: { generate: [1000, 16], file: null }, metric: "cosine", d: 16, k: 10 },
    environment: { cores: 2, versions: { numpy: "2.3" } },
    rows,
    findings: { en: ["It is fast."], ko: ["빠릅니다."] },
    ...more,
  });
const opened = (text: string): Results => {
  const found = read("results.json", text);
  if ("problem" in found) throw new Error(JSON.stringify(found));
  return found;
};

describe("a study", () => {
  const sweep = opened(
    study("hnsw", { m: [8, 16], ef_search: [16, 32] }, [
      row("flat", {}),
      row("hnsw", { m: 8, ef_search: 16 }),
      row("hnsw", { m: 16, ef_search: 16 }, { recall_at_k: 0.9 }),
      row("hnsw", { m: 16, ef_search: 32 }),
      row("hnsw", { m: 32, ef_search: 16 }, { error: "no memory", milliseconds: [] }),
    ]),
  );

  it("has the settings, the machine, the sentences and a row for each measurement", () => {
    expect(sweep).toMatchObject({ study: "hnsw", k: 10, complete: true });
    expect(sweep.settings).toContainEqual(["options.m", "8, 16"]);
    expect(sweep.settings).toContainEqual(["source.generate", "1000, 16"]);
    expect(sweep.settings.map(([name]) => name)).not.toContain("source.file");
    expect(sweep.machine).toEqual([
      ["cores", "2"],
      ["numpy", "2.3"],
    ]);
    expect(sweep.findings.ko).toEqual(["빠릅니다."]);
    expect(sweep.rows[1]?.cells.get("milliseconds")).toBe(0.2);
    expect(sweep.rows[1]?.cells.get("bytes_per_vector")).toBe(64);
    expect(sweep.rows[4]).toMatchObject({ error: "no memory" });
  });

  it("puts rows that vary the same parameter into one line", () => {
    expect(sweep.rows.map(({ group }) => group)).toEqual(["flat", "hnsw, m", "hnsw, m", "hnsw, ef_search", "hnsw, m"]);
  });

  it("takes shares that are written as text for numbers, and tells filters by how they filter", () => {
    const filters = opened(
      study("filter", {}, [
        row("hnsw", { filter: "0.1", filtering: "after", ef_search: 100 }),
        row("hnsw", { filter: "0.1", filtering: "during", ef_search: 64 }),
        row("pinyon", { filter: "0.1" }),
      ]),
    );
    expect(filters.rows.map(({ group }) => group)).toEqual(["hnsw after", "hnsw during, ef_search 64", "pinyon"]);
    expect(filters.rows[0]?.cells.get("filter")).toBe(0.1);
    expect(numeric(filters.rows)).toContain("filter");
    expect(numeric(filters.rows)).not.toContain("filtering");
  });

  it("is drawn with a place of its own for every point", () => {
    const how = { lines: true, logX: true, names: { front: "front", chosen: "chosen" } };
    const { at, series } = drawn([sweep], "milliseconds", "recall_at_k", how);
    expect(at).toEqual([0.2, 0.2, 0.2, 0.2]);
    expect(series.map(({ label }) => label)).toEqual(["flat", "hnsw, m", "hnsw, ef_search"]);
    expect(series[1]?.values.filter((value) => value !== null)).toEqual([0.8, 0.9]);
    const two = drawn([sweep, { ...sweep, file: "b.json" }], "milliseconds", "recall_at_k", how);
    expect(two.series.map(({ label }) => label)).toContain("b.json: flat");
  });

  it("is sorted by any column, rows without a figure last", () => {
    expect(columnsOf(sweep.rows)).not.toContain("rss_megabytes");
    const up = sorted(sweep.rows, "recall_at_k", false).map(({ cells }) => cells.get("recall_at_k"));
    expect(up).toEqual([0.8, 0.8, 0.8, 0.9, undefined]);
    expect(sorted(sweep.rows, "recall_at_k", true)[0]?.cells.get("recall_at_k")).toBe(0.9);
    expect(sorted(sweep.rows, "", false)).toEqual(sweep.rows);
    expect(usual("growth")[0].x).toBe("n");
    expect(usual("another").length).toBe(2);
  });
});

describe("a tuning", () => {
  const text = JSON.stringify({
    format: "pinyon tuning 1",
    complete: false,
    settings: { n: 1000, total: 4000, k: 10, filters: ['{"a": 1}'] },
    contract: { recall: 0.95, latency_ms: null },
    environment: {},
    best: { index: "scan recall 0.95" },
    front: [{ index: "scan recall 0.95" }, { index: "hnsw m 8" }],
    rows: [
      row("pinyon", { settings: "scan recall 0.95" }),
      row("pinyon", { settings: "scan recall 0.95", filter: '{"a": 1}' }, { p50: 0.25, recall_at_k: 0.7, p99: 0.9 }),
      row("pinyon", { settings: "hnsw m 8" }),
      row("pinyon", { settings: "flat" }),
    ],
  });
  const tuned = opened(text);

  it("tells a candidate's rows as one: the mean time, the worst recall, the memory of all rows", () => {
    const [scan] = tuned.rows;
    expect(scan).toMatchObject({ label: "scan recall 0.95", group: "scan", mark: "chosen" });
    expect(Object.fromEntries(scan?.cells ?? [])).toEqual({
      index: "scan recall 0.95",
      kind: "scan",
      milliseconds: 0.2,
      p99: 0.9,
      recall_at_k: 0.7,
      megabytes: 0.256,
      build_seconds: 0.5,
    });
    expect(tuned.rows.map(({ mark }) => mark)).toEqual(["chosen", "front", ""]);
    expect(tuned.target).toBe(0.95);
  });

  it("is drawn with its front joined and the chosen one alone", () => {
    const how = { lines: false, logX: true, names: { front: "front", chosen: "chosen" } };
    const { series } = drawn([tuned], "milliseconds", "recall_at_k", how);
    const points = Object.fromEntries(
      series.map(({ label, shape, values }) => [label, [shape, values.filter((value) => value !== null).length]]),
    );
    expect(points).toEqual({
      scan: ["points", 1],
      hnsw: ["points", 1],
      flat: ["points", 1],
      front: [undefined, 2],
      chosen: ["points", 1],
    });
  });
});

describe("names of files", () => {
  const one = opened(study("hnsw", {}, [row("flat", {})]));

  it("differ for different results, and results that are opened again take the place of the former", () => {
    const other = opened(study("ivf", {}, [row("flat", {})]));
    const again = opened(study("hnsw", {}, [row("flat", {}), row("hnsw", { m: 8 })]));
    const both = withFile(withFile([], one), other);
    expect(both.map(({ file }) => file)).toEqual(["results.json", "results.json (2)"]);
    const later = withFile(both, again);
    expect(later.map(({ file, study, rows }) => [file, study, rows.length])).toEqual([
      ["results.json", "hnsw", 2],
      ["results.json (2)", "ivf", 1],
    ]);
  });
});

describe("a file that is none of ours", () => {
  it.each([
    ["{", { problem: "json" }],
    ["", { problem: "json" }],
    ["[1, 2]", { problem: "foreign", said: "1, 2" }],
    ["null", { problem: "foreign", said: "null" }],
    ['{"format": "csv"}', { problem: "foreign", said: "csv" }],
    ["{}", { problem: "foreign" }],
    ['{"format": "pinyon study 2"}', { problem: "newer", said: "pinyon study 2" }],
    ['{"format": "pinyon study 1"}', { problem: "part", said: "settings" }],
    ['{"format": "pinyon study 1", "settings": {}}', { problem: "part", said: "settings.study" }],
    ['{"format": "pinyon study 1", "settings": {"study": "hnsw"}, "rows": 3}', { problem: "part", said: "rows" }],
    ['{"format": "pinyon tuning 1", "settings": {}, "rows": []}', { problem: "part", said: "contract" }],
  ])("%s says what is wrong", (text, expected) => {
    expect(read("a.json", text)).toMatchObject(expected);
  });

  it("names the row that is wrong", () => {
    const bad = study("hnsw", {}, [row("flat", {}), { kind: "hnsw", parameters: {}, milliseconds: "fast" }]);
    expect(read("a.json", bad)).toEqual({ problem: "part", said: "rows[1].milliseconds" });
    expect(read("a.json", study("hnsw", {}, [7 as never]))).toEqual({ problem: "part", said: "rows[0]" });
  });

  it("takes no harm from names that objects have, or from numbers that are none", () => {
    const text = study("hnsw", {}, [
      row("hnsw", JSON.parse('{"__proto__": 3, "constructor": "x"}'), { recall_at_1: "NaN", rss_bytes: {} }),
    ]);
    const { rows } = opened(text);
    expect(rows[0]?.cells.get("constructor")).toBe("x");
    expect(rows[0]?.cells.get("recall_at_1")).toBe(0);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
