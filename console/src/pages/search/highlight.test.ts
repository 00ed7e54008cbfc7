import { expect, test } from "vitest";
import { highlight, words } from "./highlight";

const marked = (text: string, query: string) =>
  highlight(text, words(query))
    .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join("");

test.each([
  ["A boy teaches an owl to read.", "owl boy", "A [boy] teaches an [owl] to read."],
  ["Owls teach; a boy was teaching", "owl teach", "[Owls] [teach]; a boy was [teaching]"],
  ["the sea, the seal", "what is the sea", "the [sea], the seal"],
  ["박물관은 국립중앙박물관이다", "박물관에서", "[박물관]은 국립중앙[박물관]이다"],
  ["토성 너머의 우주 정거장에서 두 자매가", "우주의 자매", "토성 너머의 [우주] 정거장에서 두 [자매]가"],
  ["돌아오지 않는 배에서 배추를", "배는", "돌아오지 않는 [배]에서 배추를"],
  ["東京都に行く", "東京", "[東京]都に行く"],
  ["İstanbul and ISTANBUL", "istanbul", "İstanbul and [ISTANBUL]"],
  ["nothing here", "", "nothing here"],
  ["", "word", ""],
  ["<b>owl</b>", "owl", "<b>[owl]</b>"],
])("%s, searched by %s", (text, query, expected) => {
  expect(marked(text, query)).toBe(expected);
});

test("the pieces are the text, whatever it is", () => {
  for (const text of ["\u202eabc\u202c 👩‍👩‍👧‍👦 İİ ﬁ", "가나다 abc가나 123년", "\ud800 x", "a".repeat(5000)]) {
    const pieces = highlight(text, words("abc 가나 i 123년 fi a"));
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  }
});
