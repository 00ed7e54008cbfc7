import { expect, test } from "vitest";
import type { Index } from "./indexes";
import { beginnings, uses } from "./programs";

const INDEX: Index = {
  name: "films",
  metric: "cosine",
  dimension: 3,
  vector_type: "dense",
  status: { ready: true, state: "Ready" },
  host: "http://127.0.0.1:5081",
  deletion_protection: "disabled",
  tags: null,
  spec: {},
};
const PLACE = { origin: "http://127.0.0.1:5080", withKey: true };
const text = (index: Partial<Index>, language: string, place = PLACE) =>
  Object.fromEntries(uses({ ...INDEX, ...index }, place))[language] ?? "";

test("keys are named and never shown", () => {
  for (const [, program] of [...beginnings(PLACE), ...uses(INDEX, PLACE)])
    expect(program).toContain("PINECONE_API_KEY");
  for (const [, program] of beginnings({ ...PLACE, withKey: false })) expect(program).not.toContain("PINECONE_API_KEY");
});

test("a short vector is written out for curl, a long one made by the shell", () => {
  expect(text({}, "curl")).toContain('"values": [0.1, 0.1, 0.1]');
  const long = text({ dimension: 1024 }, "curl");
  expect(long).toContain("head -n 1024");
  expect(long).toContain(`"values": '"[$numbers]"', "metadata"`);
});

test("an index of texts is written to and searched by text, in its own field", () => {
  const embed = { model: "multilingual-e5-large", field_map: { text: `it's "body"` } };
  expect(text({ embed }, "Python")).toContain(String.raw`"it's \"body\"": "An owl`);
  expect(text({ embed }, "curl")).toContain(String.raw`"it'\''s \"body\"": "An owl`);
});

test("a sparse index is given weights", () => {
  expect(text({ vector_type: "sparse" }, "TypeScript")).toContain("sparseVector: sparseValues");
});
