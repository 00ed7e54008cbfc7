import { expect, test } from "vitest";
import { readSparse, readVector } from "./vector";

test.each([
  "[1, -2.5, 3e-1]",
  "1, -2.5, 3e-1",
  "1 -2.5\n.3",
  "1;-2.5;0.3",
  "(1, -2.5, +0.3)",
  '{"values": [1, -2.5, 0.3], "id": "a"}',
  '{"embedding": [1, -2.5, 0.3]}',
  "[1, -2.5, 0.3,]",
])("a vector is read from %s", (text) => {
  expect(readVector(text, 3)).toEqual({ value: [1, -2.5, 0.3] });
});

test.each([
  ["", { what: "empty" }],
  ["  \n", { what: "empty" }],
  ["[]", { what: "shape" }],
  ["{}", { what: "shape" }],
  ["{broken", { what: "shape" }],
  ["[[1, 2], [3, 4]]", { what: "shape" }],
  ["1, two, 3", { what: "number", at: 2, text: "two" }],
  ["1,,3", { what: "number", at: 2, text: "" }],
  ["1, 0x10", { what: "number", at: 2, text: "0x10" }],
  ['{"values": [1, null]}', { what: "number", at: 2, text: "null" }],
  ["1, NaN", { what: "finite", at: 2, text: "NaN" }],
  ["-Infinity", { what: "finite", at: 1, text: "-Infinity" }],
  ["1e39", { what: "finite", at: 1, text: "1e39" }],
  ["1, 2", { what: "length", count: 2, wanted: 3 }],
])("%s is no vector of three numbers", (text, wrong) => {
  expect(readVector(text, 3)).toEqual({ wrong });
});

test("twenty thousand numbers are read at once", () => {
  const numbers = Array.from({ length: 20_000 }, (_, at) => at / 7);
  expect(readVector(numbers.join(", "), 20_000)).toEqual({ value: numbers });
  expect(readVector(JSON.stringify(numbers), 64)).toEqual({ wrong: { what: "length", count: 20_000, wanted: 64 } });
});

test.each(["7:1, 12:0.5", "12:0.5 7:1", '{"indices": [12, 7], "values": [0.5, 1]}'])(
  "sparse values are read from %s, in order",
  (text) => {
    expect(readSparse(text)).toEqual({ value: { indices: [7, 12], values: [1, 0.5] } });
  },
);

test.each([
  ["", { what: "empty" }],
  ["7", { what: "pair", at: 1, text: "7" }],
  ["7:1:2", { what: "pair", at: 1, text: "7:1:2" }],
  ["7:1, -1:2", { what: "index", at: 2, text: "-1" }],
  ["4294967296:1", { what: "index", at: 1, text: "4294967296" }],
  ["7:1, 7:2", { what: "twice", at: 2, text: "7" }],
  ["7:x", { what: "number", at: 1, text: "x" }],
  ["7:nan", { what: "finite", at: 1, text: "nan" }],
  ['{"indices": [1], "values": []}', { what: "shape" }],
])("%s are no sparse values", (text, wrong) => {
  expect(readSparse(text)).toEqual({ wrong });
});
