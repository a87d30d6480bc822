/* What of a markdown page can be checked: its links, its anchors, and what stands in code. */

export interface Page {
  readonly links: readonly Link[];
  /** As GitHub makes them: headings in lower case, punctuation dropped, spaces as hyphens; and ids set by hand. */
  readonly anchors: ReadonlySet<string>;
  /** Lines of fenced blocks, and inline code: where commands stand. */
  readonly code: readonly string[];
}

export interface Link {
  /** The label when it is one code span and nothing else: a name that the target must have. */
  readonly named: string | null;
  readonly target: string;
}

const FENCE = /^\s*(```+|~~~+)/;
const CODE_SPAN = /(`+)([^`]+?)\1(?!`)/g;
const LINK = /\[((?:`[^`]*`|[^\][`])*)\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm;
const HTML_TARGET = /<[a-z][^>]*?\s(?:src|srcset|href)="([^"]+)"/g;
const HTML_ID = /<[a-z][^>]*?\s(?:id|name)="([^"]+)"/g;

export function readMarkdown(text: string): Page {
  const { prose, code } = splitFences(text);
  const anchors = new Set<string>([...prose.matchAll(HTML_ID)].map(([, id]) => id!));
  const seen = new Map<string, number>();
  for (const [, heading] of prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = slugOf(heading!);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  // Code that shows how a link is written is none.
  const linked = prose.replace(CODE_SPAN, (span) => (span.includes('](') ? '' : span));
  const links = [...linked.matchAll(LINK)].map(([, label, target]) => ({
    named: /^`([^`]+)`$/.exec(label!.trim())?.[1] ?? null,
    target: target!,
  }));
  const bare = [...linked.matchAll(REFERENCE), ...linked.matchAll(HTML_TARGET)];
  return {
    links: [...links, ...bare.map(([, target]) => ({ named: null, target: target! }))],
    anchors,
    code: [...code, ...[...prose.matchAll(CODE_SPAN)].map(([, , span]) => span!)],
  };
}

function splitFences(text: string): { readonly prose: string; readonly code: readonly string[] } {
  const prose: string[] = [];
  const code: string[] = [];
  let fence: string | null = null;
  for (const line of text.split('\n')) {
    const mark = FENCE.exec(line)?.[1];
    if (fence === null && mark !== undefined) fence = mark;
    else if (fence !== null && mark?.startsWith(fence) === true) fence = null;
    else (fence === null ? prose : code).push(line);
  }
  return { prose: prose.join('\n'), code };
}

function slugOf(heading: string): string {
  const words = heading.replace(LINK, '$1').replace(/[`*]/g, '');
  return words
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}
