import { expect, test } from "vitest";
import { curl } from "./curl";

test("a call as curl, with its body quoted for the shell", () => {
  expect(curl({ method: "POST", path: "/query", body: { text: "it's" } }, "http://h:1")).toBe(
    [
      "curl -X POST 'http://h:1/query'",
      `-H "Api-Key: $PINECONE_API_KEY"`,
      "-H 'X-Pinecone-Api-Version: 2025-10'",
      "-H 'Content-Type: application/json'",
      `-d '{"text":"it'\\''s"}'`,
    ].join(" \\\n  "),
  );
});

test("no secret is shown", () => {
  const call = { method: "GET", path: "/admin/projects", headers: { Authorization: "Bearer pnyt_x" } } as const;
  expect(curl(call, "http://h")).toContain('"Authorization: Bearer $TOKEN"');
  expect(curl(call, "http://h")).not.toContain("pnyt_x");
});
