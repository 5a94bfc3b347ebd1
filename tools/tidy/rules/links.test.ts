import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { links } from './links.ts';

const guide = `# The *first* guide: what \`up\` does

## Twice
## Twice
<a id="by-hand"></a>
\`\`\`sh
# not a heading
\`\`\`
`;

/** The targets found wrong on a page in docs/. */
function broken(page: string): string[] {
  const files = { 'docs/page.md': page, 'docs/guide.md': guide, 'src/std/a.ts': '', 'docs/a b.png': '' };
  return findingsOf(links, files).map((finding) => /The link (.*)\.$/.exec(finding)?.[1] ?? finding);
}

describe('links', () => {
  it('may lead to files, folders, headings, and anywhere outside', () => {
    const page = `# Page
[a](guide.md) [b](./guide.md#the-first-guide-what-up-does "title") [c](guide.md#twice-1) [d](guide.md#by-hand)
[e](../src/std/) [f](/src/std/a.ts) [g](#page) ![h](<a%20b.png>) [i](https://example.org/nothing#x)
[over
two lines](guide.md) <img src="a%20b.png"> [j]: not a definition

[k]: guide.md#twice`;
    expect(broken(page)).toEqual([]);
  });

  it('may not lead to nothing', () => {
    const page = `
[a](gone.md) [b](guide.md#gone) [c](guide.md#not-a-heading) [d](#gone) [e](../../elsewhere)
![f](gone.png "title")
<a href="gone.html">g</a>

[h]: gone.txt`;
    expect(broken(page)).toEqual([
      'gone.md leads to nothing',
      'guide.md#gone leads to no heading of docs/guide.md',
      'guide.md#not-a-heading leads to no heading of docs/guide.md',
      '#gone leads to no heading of docs/page.md',
      '../../elsewhere leads to outside the repository',
      'gone.png leads to nothing',
      'gone.txt leads to nothing',
      'gone.html leads to nothing',
    ]);
  });

  it('in code are none', () => {
    const page =
      '`[a](gone)` ``[b](`gone)``\n```md\n[c](gone)\n```\n~~~\n[d](gone)\n~~~\n<!-- [e](gone) -->\n';
    expect(broken(page)).toEqual([]);
    expect(broken(`${page}[f](gone)`)).toEqual(['gone leads to nothing']);
  });
});
