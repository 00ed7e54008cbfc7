import { expect, test } from "vitest";
import { facts } from "./Thumbnail";

test("a small picture is no fact to read", () => {
  expect(facts({ thumbnail: "data:image/webp;base64,UklGRg==", width: 5 })).toEqual([["width", 5]]);
});

test("what only has its name is a text like any other", () => {
  for (const thumbnail of [
    "https://example.org/a.png",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:text/html;base64,PHA+",
    'data:image/png;base64,a" onerror="x',
    7,
  ])
    expect(facts({ thumbnail })).toEqual([["thumbnail", thumbnail]]);
});
