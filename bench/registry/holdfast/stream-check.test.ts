import { channel } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { StreamCheck } from './stream-check.ts';

/** What undici publishes about a stream of these events. */
function carry(headers: readonly string[], ...events: readonly string[]): void {
  const request = { headers };
  for (const text of events) {
    channel('undici:request:bodyChunkReceived').publish({ request, chunk: Buffer.from(text) });
  }
}

const event = (name: string, id: string): string => `event: ${name}\nid: ${id}\ndata: {}\n\n`;
const alive = (id: string): string => `: alive\nid: ${id}\n\n`;

it('follows revisions from a snapshot or from where a stream resumes, within an epoch', () => {
  const check = new StreamCheck();
  carry([], event('snapshot', 'e-4'), event('change', 'e-5') + event('change', 'e-6'), alive('e-6'));
  carry(['accept', 'x', 'last-event-id', 'e-6'], event('change', 'e-7'), event('settled', 'e-7'));
  carry(['last-event-id', 'e-7'], event('snapshot', 'f-1'), event('change', 'f-2'));
  expect(check.read()).toEqual({ changes: 4, outOfOrder: 0, expired: 0, unexplained: 0 });
});

it('finds what is left out, comes twice, or belongs to another epoch', () => {
  const check = new StreamCheck();
  carry([], event('snapshot', 'e-4'), event('change', 'e-6'), event('change', 'e-6'));
  carry(['last-event-id', 'e-6'], event('change', 'f-7'));
  carry([], event('change', 'e-1'));
  carry(['last-event-id', 'e-6'], alive('e-8'));
  expect(check.read()).toEqual({ changes: 4, outOfOrder: 4, expired: 0, unexplained: 1 });
});

it('counts leases that ran out', () => {
  const check = new StreamCheck();
  const data = '{"kind":"remove","id":"a","why":"expired"}';
  carry([], event('snapshot', 'e-4'), `event: change\nid: e-5\ndata: ${data}\n\n`);
  expect(check.read()).toEqual({ changes: 1, outOfOrder: 0, expired: 1, unexplained: 0 });
});
