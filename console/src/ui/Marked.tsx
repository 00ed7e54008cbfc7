/** A text with what was looked for marked. */
export function Marked({ text, find }: { text: string; find: string }) {
  if (!find) return <>{text}</>;
  const parts: (string | preact.JSX.Element)[] = [];
  const [lower, wanted] = [text.toLowerCase(), find.toLowerCase()];
  let from = 0;
  // Lower case may have another length in some scripts; then nothing is marked, rather than the wrong letters.
  for (let at = lower.length === text.length ? lower.indexOf(wanted) : -1; at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}
