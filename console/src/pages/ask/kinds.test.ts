import { describe, expect, it } from "vitest";
import { ADVICE, obstacle, READ } from "./kinds";

const file = (name: string, size = 10) => ({ name, size });

describe("what the server would say of a file", () => {
  it("is nothing of what it reads, and of what it may read", () => {
    for (const suffix of READ) expect(obstacle(file(`a.${suffix}`))).toBeUndefined();
    expect(obstacle(file("README"))).toBeUndefined();
    expect(obstacle(file("한글 문서.PDF"))).toBeUndefined();
    expect(READ.filter((suffix) => suffix in ADVICE)).toEqual([]);
  });

  it("is told before it is sent: size, kind, name", () => {
    expect(obstacle(file("a.md", 11), 10)).toEqual({ why: "large" });
    expect(obstacle(file("a.md", 11))).toBeUndefined();
    expect(obstacle(file("a.md", 0))).toEqual({ why: "empty" });
    expect(obstacle(file("a.XLSX"))).toEqual({ why: "other", save: ".csv" });
    expect(obstacle(file("a.png"))).toEqual({ why: "unread" });
    expect(obstacle(file("a\u202etxt.md"))).toEqual({ why: "name" });
  });
});
