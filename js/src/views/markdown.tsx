/**
 * A small part of Markdown as elements: headings, paragraphs, lists, code, bold, italic, links. Anything else, HTML
 * above all, stays the text it is.
 */

import type { ComponentChildren } from "preact";
import { safeUrl } from "../links";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\b_([^_]+)_\b|\[([^\]]+)\]\(([^()\s]+)\)/;

function inline(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let rest = text;
  for (let match = INLINE.exec(rest); match; match = INLINE.exec(rest)) {
    const [all, code, bold, italic, slanted, label, url] = match;
    parts.push(rest.slice(0, match.index));
    if (code !== undefined) parts.push(<code>{code}</code>);
    else if (bold !== undefined) parts.push(<b>{inline(bold)}</b>);
    else if (italic !== undefined || slanted !== undefined) parts.push(<i>{inline(italic ?? slanted)}</i>);
    else if (safeUrl(url)) {
      parts.push(
        <a href={safeUrl(url)} target="_blank" rel="noopener noreferrer">
          {label}
        </a>,
      );
    } else parts.push(all);
    rest = rest.slice(match.index + all.length);
  }
  parts.push(rest);
  return parts;
}

interface Block {
  kind: "p" | "h" | "ul" | "ol" | "pre";
  lines: string[];
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let fence = false;
  let apart = true;
  for (const line of text.split("\n")) {
    const last = blocks.at(-1);
    if (/^\s*```/.test(line)) {
      fence = !fence;
      if (fence) blocks.push({ kind: "pre", lines: [] });
      apart = true;
    } else if (fence) last?.lines.push(line);
    else if (line.trim() === "") apart = true;
    else {
      const [kind, content] = kindOf(line);
      if (last && !apart && last.kind === kind && kind !== "h") last.lines.push(content);
      else blocks.push({ kind, lines: [content] });
      apart = false;
    }
  }
  return blocks;
}

function kindOf(line: string): [Block["kind"], string] {
  const match = /^\s*(?:(#{1,6})|([-*+])|(\d+)[.)])\s+(.*)$/.exec(line);
  if (!match) return ["p", line];
  return [match[1] ? "h" : match[2] ? "ul" : "ol", match[4]];
}

export function Markdown({ text }: { text: string }) {
  return (
    <>
      {blocksOf(text).map(({ kind, lines }, i) => {
        const key = i;
        if (kind === "pre") return <pre key={key}>{lines.join("\n")}</pre>;
        if (kind === "h") {
          return (
            <p key={key}>
              <b>{inline(lines[0])}</b>
            </p>
          );
        }
        if (kind === "p") return <p key={key}>{inline(lines.join("\n"))}</p>;
        const items = lines.map((line, at) => <li key={at}>{inline(line)}</li>);
        return kind === "ul" ? <ul key={key}>{items}</ul> : <ol key={key}>{items}</ol>;
      })}
    </>
  );
}
