import { expect, test } from "vitest";
import { BATCH, COUNT, search, writeBatch } from "./calls";
import { records } from "./records";
import { PAIRS } from "./texts";
import { TOPICS } from "./topics";

test("two hundred texts, half of them Korean, ten on each topic", () => {
  const all = records();
  expect([PAIRS.length, all.length, new Set(all.map(({ _id }) => _id)).size]).toEqual([100, COUNT, COUNT]);
  expect(new Set(all.map(({ text }) => text)).size).toBe(200);
  for (const topic of TOPICS) expect(all.filter((one) => one.topic === topic)).toHaveLength(10);
  for (const { text, language, length } of all) {
    expect(/[가-힣]/.test(text)).toBe(language === "ko");
    expect(length).toBe([...text].length);
  }
});

test("years spread, so that a filter by year keeps a part", () => {
  const years = records().map(({ year }) => year);
  expect([Math.min(...years), Math.max(...years)]).toEqual([2000, 2024]);
});

test("a batch is one JSON object a line", () => {
  const batch = records().slice(0, BATCH);
  const lines = String(writeBatch(batch).body).split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(batch);
});

test("a search says only what it is told", () => {
  expect(search({ text: "rain", k: 3 }).body).toEqual({ query: { top_k: 3, inputs: { text: "rain" } }, explain: true });
  expect(search({ id: "en-001", k: 3, exact: true, filter: {} }).body).toEqual({
    query: { top_k: 3, id: "en-001" },
    exact: true,
    explain: true,
  });
});
