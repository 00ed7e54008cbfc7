import { expect, test } from "vitest";
import { wholeNumber, wrongIndexName } from "./limits";
import { deleteNamespace, wrongNamespace } from "./namespaces";

test.each([
  ["films", undefined],
  ["a", undefined],
  ["0-1", undefined],
  ["x".repeat(45), undefined],
  ["", "empty"],
  ["Films", "letters"],
  ["영화", "letters"],
  ["two words", "letters"],
  ["-films", "ends"],
  ["films-", "ends"],
  ["x".repeat(46), "long"],
  ["create-for-model", "taken"],
] as const)("index name %j: %s", (name, problem) => expect(wrongIndexName(name)).toBe(problem));

test.each([
  ["tenant a/b?c=d", undefined],
  ["<b>", undefined],
  ["", "empty"],
  ["이름", "ascii"],
  ["a\0b", "ascii"],
  ["x".repeat(513), "long"],
  ["__default__", "reserved"],
] as const)("namespace %j: %s", (name, problem) => expect(wrongNamespace(name)).toBe(problem));

test("a whole number within its reach, and nothing else", () => {
  const read = ["1", " 20000 ", "0", "20001", "1.5", "1e3", "-1", "", "９"].map((text) => wholeNumber(text, 1, 20_000));
  expect(read).toEqual([1, 20_000, ...Array(7).fill(undefined)]);
});

test("no namespace is deleted by the address of something else", () => {
  expect(deleteNamespace("films", "a/b")).toEqual({ method: "DELETE", path: "/indexes/films/namespaces/a%2Fb" });
  for (const name of [".", ".."]) {
    const call = deleteNamespace("films", name);
    expect(call.path).toBe("/indexes/films/vectors/delete");
    expect(call.body).toEqual({ namespace: name, deleteAll: true });
  }
});
