import { expect, test } from "vitest";
import { parseExactly } from "./exact";

test("long integers come out as they went in, where the platform can; everything else is as JSON.parse has it", () => {
  const able = "rawJSON" in JSON;
  const text =
    '{"a":9007199254740993,"b":[-18014398509481985],"c":"9007199254740993","d":1e300,"e":0.1234567890123456789}';
  const written = JSON.stringify(parseExactly(text));
  expect(written).toBe(
    able
      ? '{"a":9007199254740993,"b":[-18014398509481985],"c":"9007199254740993","d":1e+300,"e":0.12345678901234568}'
      : JSON.stringify(JSON.parse(text)),
  );
  expect(parseExactly('{"a":[1,2.5,true,null]}')).toEqual({ a: [1, 2.5, true, null] });
});
