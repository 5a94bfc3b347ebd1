import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Output } from './output.ts';
import { tableLines } from './table.ts';

const columns = [{ title: 'service' }, { title: 'pid', right: true }, { title: 'note' }];
const rows = [
  [{ text: 'echo-a' }, { text: '7' }, { text: '' }],
  [{ text: 'b' }, { text: '12345' }, { text: 'a long note', paint: '31' }],
];

it('aligns columns and ends lines without blanks', () => {
  const output = new Output(new PassThrough(), { colour: false });
  expect(tableLines(output, columns, rows)).toEqual([
    'service    pid  note',
    'echo-a       7',
    'b        12345  a long note',
  ]);
});

it('paints the text, not the blanks around it', () => {
  const output = new Output(new PassThrough(), { colour: true });
  expect(tableLines(output, columns, rows)[2]).toBe('b        12345  \x1b[31ma long note\x1b[0m');
});
