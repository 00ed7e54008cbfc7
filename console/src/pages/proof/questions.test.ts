import { describe, expect, it } from "vitest";
import { pasted } from "./questions";

describe("what was pasted", () => {
  it("is an id a line, a vector a line, or both", () => {
    expect(pasted("film-1\n\n  [1, 2.5]\n", 2)).toEqual([
      { name: "film-1", by: { id: "film-1" }, own: "film-1" },
      { name: "[1, 2.5, …]", by: { vector: [1, 2.5] } },
    ]);
  });

  it("may be one JSON array over many lines", () => {
    expect(pasted("[\n 1,\n 2\n]", 2)).toMatchObject([{ by: { vector: [1, 2] } }]);
    expect(pasted("[[1, 2],\n [3, 4]]", 2)).toMatchObject([{ by: { vector: [1, 2] } }, { by: { vector: [3, 4] } }]);
  });

  it("is refused with the line that is wrong, and why", () => {
    expect(pasted("a\n[1, 2", 2)).toEqual({ problem: "json", line: 2 });
    expect(pasted('["a", 2]', 2)).toEqual({ problem: "numbers", line: 1 });
    expect(pasted("[]", 2)).toEqual({ problem: "numbers", line: 1 });
    expect(pasted("[1, 2, 3]", 2)).toEqual({ problem: "length", line: 1, found: 3, wanted: 2 });
    expect(pasted(" \n ", 2)).toEqual({ problem: "none" });
    expect(pasted("a\n".repeat(201), 2)).toEqual({ problem: "many", found: 201 });
  });

  it("tells a vector of 20,000 numbers from one of 64", () => {
    expect(pasted(JSON.stringify(Array(20_000).fill(0.5)), 64)).toMatchObject({ problem: "length", found: 20_000 });
  });

  it("takes markup for an id like any other", () => {
    expect(pasted("<img src=x onerror=alert(1)>", 2)).toMatchObject([{ name: "<img src=x onerror=alert(1)>" }]);
  });
});
