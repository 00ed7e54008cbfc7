import { describe, expect, test } from "vitest";
import type { Call } from "./client";
import { codeOf } from "./code";
import { JSON_SYNTAX, literal, PYTHON, shell, TYPESCRIPT } from "./code/literals";

const ORIGIN = "http://127.0.0.1:5080";
const HOSTILE = [
  "plain",
  "it's",
  "'; rm -rf ~ #",
  '"quoted" \\ back\\\\slash',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for a shell
  "$HOME `id` $(id) ${x} !! %s {a,b} *?[x]",
  "line\nline\r\n\ttab",
  "--data=/etc/passwd",
  "@/etc/passwd",
  "한국어 검색, 「日本語」",
  "👩‍👩‍👧‍👦 🌲",
  "\u202ereversed\u202c and \u2066isolated\u2069",
  "zero\u200bwidth\ufeff",
  "line\u2028separator\u2029paragraph\u0085next",
  "\u{e0001}\u{e0041}tags",
  "\u001b[31mred\u001b[0m\u0007",
  "\u007f\u0080\u009f",
  "BODY",
  "",
  "</script><script>alert(1)</script>",
  "\"\"\"'''",
  "\ud800 half",
];

/** Texts of random characters, mostly of the dangerous kinds, always the same ones. */
function* texts(count: number): Iterable<string> {
  const alphabet = [..."'\"\\$`!@#-= \n\r\t{}[]<>%ab0나가\u200b\u202e\u2028\u007f\u{e0020}🌲"];
  let state = 7;
  const next = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  yield* HOSTILE;
  for (let made = 0; made < count; made += 1) {
    yield Array.from({ length: next(24) }, () => alphabet[next(alphabet.length)]).join("");
  }
}

/** What Python reads in a double-quoted literal. */
function readPython(code: string): string {
  expect(code).toMatch(/^"(?:[^"\\\n\r]|\\.)*"$/u);
  const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", '"': '"', "\\": "\\" };
  return code
    .slice(1, -1)
    .replace(/\\(?:U(\w{8})|u(\w{4})|(.))/g, (_, long: string, short: string, one: string) =>
      long
        ? String.fromCodePoint(parseInt(long, 16))
        : short
          ? String.fromCharCode(parseInt(short, 16))
          : (escapes[one] ?? "?"),
    );
}

/** What bash reads as one word. */
function readShell(word: string): string {
  if (word.startsWith("$'")) {
    expect(word).toMatch(/^\$'(?:[^'\\]|\\.)*'$/su);
    const bytes: number[] = [];
    for (const [, hex, one, plain] of word.slice(2, -1).matchAll(/\\x(\w\w)|\\(.)|([^\\])/gsu)) {
      if (hex) bytes.push(parseInt(hex, 16));
      else bytes.push(...new TextEncoder().encode(one === "n" ? "\n" : (one ?? plain)));
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes));
  }
  if (!word.startsWith("'")) {
    expect(word).toMatch(/^[\w@%+=:,./-]+$/);
    return word;
  }
  return word
    .split("'\\''")
    .map((part) => part.replace(/^'|'$/g, ""))
    .join("'");
}

describe("any text comes out of a literal as it went in", () => {
  test("in Python", () => {
    for (const text of texts(3000)) expect(readPython(literal(text, PYTHON))).toBe(text);
  });

  test("in TypeScript and JSON", () => {
    for (const text of texts(3000)) {
      expect(JSON.parse(literal(text, JSON_SYNTAX))).toBe(text);
      expect(new Function(`return ${literal(text, TYPESCRIPT)}`)()).toBe(text);
    }
  });

  test("in a shell", () => {
    for (const text of texts(3000)) if (!text.includes("\ud800")) expect(readShell(shell(text))).toBe(text);
  });

  test("and what nobody sees is written as an escape", () => {
    for (const text of texts(500)) {
      for (const code of [literal(text, PYTHON), literal(text, JSON_SYNTAX), shell(text)]) {
        expect(code).not.toMatch(/[\u2028\u2029\p{Cf}]/u);
      }
    }
  });

  test("also as the name of a member", () => {
    const object = Object.fromEntries(HOSTILE.map((text, at) => [text, { [text]: at, more: [text, null, true] }]));
    expect(JSON.parse(literal(object, JSON_SYNTAX))).toEqual(object);
    expect(new Function(`return ${literal(object, TYPESCRIPT)}`)()).toEqual(object);
  });

  test("a member named __proto__ is a member", () => {
    const object = JSON.parse('{"__proto__": 1}');
    expect(Object.keys(new Function(`return ${literal(object, TYPESCRIPT)}`)())).toEqual(["__proto__"]);
  });
});

describe("curl", () => {
  const query: Call = { method: "POST", path: "/indexes/films/query", body: { topK: 3, vector: [0.5, -1] } };
  const text = (call: Call) => new Map(codeOf(call, ORIGIN)).get("curl") ?? "";

  test("sends what the console sends", () => {
    expect(text(query)).toBe(
      [
        "curl -sS 'http://127.0.0.1:5080/indexes/films/query' \\",
        '  -H "Api-Key: $PINECONE_API_KEY" \\',
        "  -H 'X-Pinecone-Api-Version: 2025-10' \\",
        "  -H 'Content-Type: application/json' \\",
        `  --data-raw '{"topK": 3, "vector": [0.5, -1]}'`,
      ].join("\n"),
    );
  });

  test("is there for every call, with its method and parameters", () => {
    const call: Call = { method: "DELETE", path: "/somewhere/new", query: { ids: ["a&b", "c d"] } };
    expect(codeOf(call, ORIGIN).map(([name]) => name)).toEqual(["curl"]);
    expect(text(call)).toContain("'http://127.0.0.1:5080/somewhere/new?ids=a%26b&ids=c+d' \\\n  -X DELETE");
  });

  test("takes a body that is too long for a command from its input", () => {
    const body = { topK: 1, vector: Array.from({ length: 20_000 }, () => 0.123456) };
    const [, given = ""] = /--data-binary @- <<'BODY'\n(.*)\nBODY$/s.exec(text({ ...query, body })) ?? [];
    expect(JSON.parse(given)).toEqual(body);
  });

  test("shows no token", () => {
    const call: Call = { method: "GET", path: "/admin/projects", headers: { Authorization: "Bearer secret" } };
    expect(text(call)).not.toContain("secret");
    expect(text(call)).toContain('-H "Authorization: Bearer $PINECONE_ACCESS_TOKEN"');
  });

  test("sends files and texts of a form", () => {
    const form = new FormData();
    form.append("file", new File(["x"], `it's "one".md`));
    form.append("metadata", "@{}");
    expect(text({ method: "POST", path: "/assistant/files/a", form })).toContain(
      `-F 'file=@"it'\\''s \\"one\\".md"' \\\n  --form-string 'metadata=@{}'`,
    );
  });
});

describe("the SDKs and the command line", () => {
  const all = (call: Call) => new Map(codeOf(call, ORIGIN));

  test("search by a vector", () => {
    const body = { topK: 3, vector: [0.5, -1], namespace: "", includeMetadata: true, filter: { year: { $gt: 1990 } } };
    const code = all({ method: "POST", path: "/indexes/my%20films/query", body: { ...body, efSearch: 50 } });
    expect(code.get("Python")).toBe(
      [
        "import os",
        "",
        "from pinecone import Pinecone",
        "",
        'pc = Pinecone(api_key=os.environ.get("PINECONE_API_KEY", "none"), host="http://127.0.0.1:5080")',
        'index = pc.Index("my films")',
        "# Not said here, because this SDK has no name for it: efSearch",
        "answer = index.query(",
        "    top_k=3,",
        "    vector=[0.5, -1],",
        '    filter={"year": {"$gt": 1990}},',
        "    include_metadata=True,",
        ")",
        "print(answer)",
      ].join("\n"),
    );
    expect(code.get("TypeScript")).toContain("topK: 3,");
    expect(code.get("TypeScript")).toContain("filter: { year: { $gt: 1990 } }");
    expect(code.get("CLI")).toBe(
      [
        "# Not said here, because the command has no such option: efSearch",
        `pinyon query '--vector=[0.5, -1]' --top-k=3 '--filter={"year": {"$gt": 1990}}' 'my films'`,
      ].join("\n"),
    );
  });

  test("search by a text", () => {
    const query = { top_k: 2, inputs: { text: "-배가 '돌아온다'" }, mode: "hybrid" };
    const path = "/indexes/films/records/namespaces/__default__/search";
    const code = all({ method: "POST", path, body: { query, fields: ["text"], explain: true } });
    expect(code.get("Python")).not.toContain("# Not said here");
    expect(code.get("Python")).toContain(
      `    query={"top_k": 2, "inputs": {"text": "-배가 '돌아온다'"}, "mode": "hybrid"},`,
    );
    expect(code.get("TypeScript")).toContain("// Not said here, because this SDK has no name for it: mode");
    expect(code.get("CLI")).toContain(
      `pinyon search --top-k=2 --mode=hybrid --explain -- films '-배가 '\\''돌아온다'\\'''`,
    );
  });

  test("delete in the way that each has", () => {
    const path = "/indexes/films/vectors/delete";
    const some = all({ method: "POST", path, body: { ids: ["a", "-b"], namespace: "n" } });
    expect(some.get("Python")).toContain('answer = index.delete(ids=["a", "-b"], namespace="n")');
    expect(some.get("TypeScript")).toContain('await index.deleteMany({ namespace: "n", ids: ["a", "-b"] });');
    expect(some.get("CLI")).toBe("pinyon rm --namespace=n --id=a --id=-b films");
    const whole = all({ method: "POST", path, body: { deleteAll: true, namespace: "n" } });
    expect(whole.get("TypeScript")).toContain('await index.deleteAll({ namespace: "n" });');
  });

  test("manage indexes and backups", () => {
    const spec = { serverless: { cloud: "aws", region: "us-east-1" } };
    const body = { name: "new", dimension: 4, metric: "cosine", spec, tags: { "pinyon-index": "hnsw m 32" } };
    const made = all({ method: "POST", path: "/indexes", body });
    expect(made.get("Python")).toContain('    spec={"serverless": {"cloud": "aws", "region": "us-east-1"}},');
    expect(made.get("CLI")).toBe("pinyon create --dimension=4 --metric=cosine '--index=hnsw m 32' new");
    expect(all({ method: "GET", path: "/backups" }).get("TypeScript")).toContain("await pc.listBackups({});");
    const gone = all({ method: "DELETE", path: "/backups/4b1d" });
    expect(gone.get("Python")).toContain('answer = pc.delete_backup(backup_id="4b1d")');
    expect(gone.get("TypeScript")).toContain('await pc.deleteBackup("4b1d");');
    expect(gone.get("CLI")).toBe("pinyon backup --delete=4b1d");
  });

  test("say nothing where they have no such call", () => {
    expect([...all({ method: "GET", path: "/pinyon/settings" }).keys()]).toEqual(["curl"]);
    const ndjson: Call = { method: "POST", path: "/indexes/a/records/namespaces/n/upsert", body: '{"_id": "a"}\n' };
    expect([...all(ndjson).keys()]).toEqual(["curl"]);
  });
});
