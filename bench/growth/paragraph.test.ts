import { expect, it } from 'vitest';
import { paragraph } from './paragraph.ts';

const text = Array.from({ length: 60 }, (_, index) => `word${index}`).join('\n   ');

it('keeps all words, in full lines', () => {
  const lines = paragraph(text);
  expect(lines.join(' ').split(' ')).toEqual(text.split(/\s+/));
  for (const line of lines.slice(0, -1)) expect(line.length).toBeGreaterThan(98);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(106);
});

it('sets an item in behind its bullet', () => {
  const lines = paragraph(text, '-');
  expect(lines[0]).toMatch(/^- word0 /);
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}word/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(106);
});
