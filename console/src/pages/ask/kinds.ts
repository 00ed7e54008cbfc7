/** Which files the server reads, by their names: the same table as that of its parsers, which have the last word. */

export const READ = `
adoc log org rst tex text txt
markdown md mdx
htm html xhtml
bash c cc cfg clj cmake conf cpp cs css cxx dart el erl ex exs fish fs go gradle graphql h hh hpp hs ini java jl js json
jsx kt kts less lua m mjs ml mm nim php pl properties proto ps1 py pyi r rb rs sass scala scss sh sql svelte swift tf
toml ts tsx vb vue xml yaml yml zig zsh
csv tsv
jsonl ndjson
ipynb
pdf
docm docx dotx
ppsx pptm pptx
hwpx
hwp
`
  .trim()
  .split(/\s+/);

/** What to do with kinds that people have and the server does not read. */
export const ADVICE: Readonly<Record<string, string>> = {
  doc: ".docx",
  epub: ".html",
  hwt: ".hwpx",
  key: ".pptx, .pdf",
  odp: ".pptx",
  ods: ".csv",
  odt: ".docx",
  pages: ".docx, .pdf",
  ppt: ".pptx",
  rtf: ".docx",
  xls: ".csv",
  xlsx: ".csv",
};
const NOT_TEXT = new Set(
  `7z aac avi avif bin bmp bz2 dll dmg exe flac gif gz heic ico iso jpeg jpg m4a mkv mov mp3 mp4 npy ogg parquet png psd
  rar so sqlite svgz tar tif tiff wav webm webp woff woff2 xz zip zst`.split(/\s+/),
);

export type Obstacle =
  | { readonly why: "large" | "empty" | "unread" }
  | { readonly why: "other"; readonly save: string }
  | { readonly why: "name" };

const UNSEEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** Why a file would not be read, as far as that can be told before it is sent. limit: bytes. */
export function obstacle(file: { readonly name: string; readonly size: number }, limit?: number): Obstacle | undefined {
  const suffix = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? "";
  if (limit !== undefined && file.size > limit) return { why: "large" };
  if (file.size === 0) return { why: "empty" };
  if (file.name.length > 255 || UNSEEN.test(file.name)) return { why: "name" };
  const save = ADVICE[suffix];
  if (save) return { why: "other", save };
  return NOT_TEXT.has(suffix) ? { why: "unread" } : undefined;
}
