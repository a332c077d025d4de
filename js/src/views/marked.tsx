/** Text with what is looked for highlighted. */
export function Marked({ text, find }: { text: string; find: string }) {
  if (find === "") return <>{text}</>;
  const parts = [];
  const lower = text.toLowerCase();
  const wanted = find.toLowerCase();
  // Lower case may be longer than the text; then places do not fit and nothing is marked.
  if (lower.length !== text.length) return <>{text}</>;
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  parts.push(text.slice(from));
  return <>{parts}</>;
}
