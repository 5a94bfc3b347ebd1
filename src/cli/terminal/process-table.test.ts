import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { ProcessRow } from '../up/wire.ts';
import { Output } from './output.ts';
import { processTable } from './process-table.ts';

const since = '2030-01-01T00:00:00.000Z';
const wallMs = Date.parse(since) + 5_000;
const plain: ProcessRow = {
  service: 'a',
  instance: 'a-1',
  pid: 7,
  port: 80,
  zone: null,
  weight: null,
  state: 'ready',
  restarts: 0,
  since,
  problem: null,
};

function table(rows: readonly ProcessRow[], detailed = true): string[] {
  return processTable(new Output(new PassThrough(), { colour: false }), rows, { detailed, wallMs });
}

it('says nothing of zones and weights where the topology does not', () => {
  expect(table([plain])).toEqual([
    'service  instance  pid  port  state  restarts  since',
    'a        a-1         7    80  ready         0    5 s',
  ]);
});

it('shows zones and weights as soon as one is set, each by itself', () => {
  expect(table([plain, { ...plain, zone: 'cellar' }])).toEqual([
    'service  instance  pid  port  zone    state  restarts  since',
    'a        a-1         7    80  -       ready         0    5 s',
    'a        a-1         7    80  cellar  ready         0    5 s',
  ]);
  expect(table([plain, { ...plain, weight: 0 }])).toEqual([
    'service  instance  pid  port  weight  state  restarts  since',
    'a        a-1         7    80       -  ready         0    5 s',
    'a        a-1         7    80       0  ready         0    5 s',
  ]);
});

it('keeps the table of `up` short', () => {
  expect(table([{ ...plain, zone: 'cellar', weight: 2 }], false)).toEqual([
    'service  instance  pid  port  state',
    'a        a-1         7    80  ready',
  ]);
});
