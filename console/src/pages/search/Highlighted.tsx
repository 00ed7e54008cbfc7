import { highlight } from "./highlight";

/** A text in which words are marked. It stays text: the pieces are nodes. */
export function Highlighted({ text, words }: { text: string; words: readonly string[] }) {
  if (!words.length) return <>{text}</>;
  return (
    <>
      {highlight(text, words).map((piece, place) =>
        piece.marked ? <mark key={place}>{piece.text}</mark> : piece.text,
      )}
    </>
  );
}
