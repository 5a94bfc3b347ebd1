/** The text with code blanked out, in which a link is no link. Offsets and lines stay. */
export function withoutCode(markdown: string): string {
  const blank = (code: string): string => code.replace(/[^\n]/g, ' ');
  return markdown
    .replace(/^( {0,3})(```+|~~~+)[^\n]*\n[\s\S]*?(?:^ {0,3}\2[`~]*[ \t]*$|(?![\s\S]))/gm, blank)
    .replace(/(?<!`)(`+)(?!`)[^`](?:[\s\S]*?[^`])?\1(?!`)/g, blank)
    .replace(/<!--[\s\S]*?-->/g, blank);
}

export interface Link {
  readonly target: string;
  readonly offset: number;
}

export function linksIn(markdown: string): Link[] {
  const text = withoutCode(markdown);
  const forms = [
    /\]\(\s*<?([^)\s>]+)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/g,
    /^ {0,3}\[[^\]\n]+\]:\s*<?([^\s>]+)>?/gm,
    /\b(?:href|src)="([^"]+)"/g,
  ];
  return forms.flatMap((form) =>
    [...text.matchAll(form)].map((match) => ({ target: match[1] ?? '', offset: match.index })),
  );
}

/** The anchors of a page as GitHub makes them from its headings, and those set by hand. */
export function anchorsIn(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const fenced = withoutFences(markdown);
  for (const [, heading = ''] of fenced.matchAll(/^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$/gm)) {
    const slug = slugOf(heading);
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  for (const [, id = ''] of fenced.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^ {0,3}(```+|~~~+)[^\n]*\n[\s\S]*?^ {0,3}\1[`~]*[ \t]*$/gm, '');
}

function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');
}
