import { describe, expect, it } from "vitest";
import { EventReader } from "./sse";

const bytes = (text: string) => new TextEncoder().encode(text);
const KOREAN = "한 송이에는 잣이 백 개쯤 들어 있습니다. 🌲";

function read(stream: Uint8Array, step: number): string[] {
  const reader = new EventReader();
  const found: string[] = [];
  for (let at = 0; at < stream.length; at += step) found.push(...reader.take(stream.slice(at, at + step)));
  return [...found, ...reader.end()];
}

describe("events of a stream", () => {
  it("are the same however the bytes were cut, also within a letter", () => {
    const stream = bytes(`data:{"a":"${KOREAN}"}\n\ndata: {"b":1}\n\n`);
    for (let step = 1; step <= stream.length; step++) {
      expect(read(stream, step)).toEqual([`{"a":"${KOREAN}"}`, '{"b":1}']);
    }
  });

  it("come as soon as they are complete", () => {
    const reader = new EventReader();
    expect(reader.take(bytes("data:one\n"))).toEqual([]);
    expect(reader.take(bytes("\ndata:two"))).toEqual(["one"]);
    expect(reader.take(bytes("\n\n"))).toEqual(["two"]);
  });

  it("may have several lines, other line ends, comments and other fields", () => {
    const stream = bytes(": hello\r\nevent: x\r\nid: 7\r\ndata: one\r\ndata: two\r\n\r\n");
    for (let step = 1; step <= stream.length; step++) expect(read(stream, step)).toEqual(["one\ntwo"]);
  });

  it("that broke off are given as far as they came", () => {
    expect(read(bytes('data:{"a":1}\n\ndata:{"b"'), 5)).toEqual(['{"a":1}', '{"b"']);
    expect(read(bytes(""), 1)).toEqual([]);
  });

  it("that broke off within a letter end in a replacement sign, not in an error", () => {
    expect(read(bytes("data:잣").slice(0, -1), 3)).toEqual(["data:\uFFFD".slice(5)]);
  });
});
