import { describe, expect, test } from "vitest";
import { lineOf, readLine, USUAL, wrongSettings } from "./kinds";

describe("a line of settings", () => {
  test.each(["", "flat", "hnsw m 32 recall 0.95", "ivf nlist 1024 nprobe 16 codes float32", "scan recall 0.9"])(
    "%j is read and written alike",
    (line) => {
      const settings = readLine(line);
      expect(settings && lineOf(settings)).toBe(line);
    },
  );

  test("names may come in any order, and without a kind", () => {
    expect(readLine(" recall 0.95 ")).toEqual({ kind: "auto", recall: "0.95", parameters: {} });
    expect(readLine("hnsw recall 0.9 m 8")).toEqual({ kind: "hnsw", recall: "0.9", parameters: { m: "8" } });
  });

  test.each(["hnsw m", "hnsw nlist 4", "tree", "flat m 3", "<b>bold</b>"])("%j is not understood", (line) => {
    expect(readLine(line)).toBeUndefined();
  });

  test("what is usual is not said", () => {
    expect(lineOf({ ...USUAL, recall: "0.99" })).toBe("");
    expect(lineOf({ kind: "hnsw", recall: " ", parameters: { m: " " } })).toBe("hnsw");
  });

  test("parameters of another kind are left behind", () => {
    expect(lineOf({ kind: "flat", recall: "", parameters: { m: "3" } })).toBe("flat");
  });
});

describe("settings that make no sense", () => {
  test.each(["0", "1.01", "-0.5", "abc", "1e-3", "0.0"])("recall %s", (recall) => {
    expect(wrongSettings({ ...USUAL, recall })).toEqual({ recall: "range" });
  });

  test.each(["", "1", "0.5", ".5", "0.999"])("recall %j is good", (recall) => {
    expect(wrongSettings({ ...USUAL, recall })).toEqual({});
  });

  test("numbers beyond their reach, and words that are no choice", () => {
    const wrong = (kind: "hnsw" | "ivf", parameters: object) => wrongSettings({ kind, recall: "", parameters });
    expect(wrong("hnsw", { m: "1", ef_construction: "2001", ef_search: "10.5" })).toEqual({
      m: "range",
      ef_construction: "range",
      ef_search: "range",
    });
    expect(wrong("ivf", { nlist: "16", nprobe: "17", codes: "pq8" })).toEqual({ nprobe: "above", codes: "choice" });
  });
});
