import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../std/index.ts';
import { Links, parseAddress } from './index.ts';
import { Rogue } from './testing/rogue.ts';
import { type LinkStage, linked, processes } from './testing/stage.ts';
import { simulatedStage, stages } from './testing/stages.ts';

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof HoldfastError ? error.code : String(error);
  }
  return undefined;
}

describe('an address', () => {
  it('is a host and a port', () => {
    expect(parseAddress('127.0.0.1:8090')).toEqual({ host: '127.0.0.1', port: 8090 });
    expect(parseAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
    expect(parseAddress('kvs-1.internal:65535')).toEqual({ host: 'kvs-1.internal', port: 65535 });
    for (const wrong of [
      '',
      'a',
      'a:',
      ':1',
      'a:0',
      'a:65536',
      '::1:80',
      'a:1:2',
      'a b:1',
      'a\n:1',
      '\ud800:1',
      `${'a'.repeat(254)}:1`,
    ]) {
      expect(
        codeOf(() => parseAddress(wrong)),
        wrong,
      ).toBe('invalid_argument');
    }
  });
});

describe('Links', () => {
  it('are made with a session and, if at all, a key', () => {
    const { host } = simulatedStage().place(0);
    const listener = { up: () => {}, down: () => {}, message: () => {} };
    const make = (changes: object) => () =>
      new Links({ host, address: 'a:1', session: 's', listener, ...changes });
    expect(codeOf(make({}))).toBeUndefined();
    expect(codeOf(make({ session: '' }))).toBe('invalid_argument');
    expect(codeOf(make({ session: 'x'.repeat(65) }))).toBe('invalid_argument');
    expect(codeOf(make({ session: 'x\n' }))).toBe('invalid_argument');
    expect(codeOf(make({ clusterKey: '' }))).toBe('invalid_argument');
    expect(codeOf(make({ address: 'a' }))).toBe('invalid_argument');
  });
});

describe.each(stages)('the number of links: %s', (_name, make: () => LinkStage) => {
  it('is bounded, whoever dials', async () => {
    const stage = make();
    const open = { clusterKey: undefined };
    const [a, b] = await linked(stage, { ...open, limits: { linksMax: 1 } }, open);
    const [c] = await processes(stage, { at: 2, session: 'another' });
    expect(codeOf(() => a.connect(c))).toBe('resource_exhausted');
    const larger = new Rogue(stage.place(2).host, a, 'z:1');
    await stage.until(() => larger.refused !== undefined, 'it is refused');
    expect(larger.refused).toBe('busy');
    const smaller = new Rogue(stage.place(2).host, a, '0:1');
    await stage.until(() => smaller.closed, 'it is dropped');
    expect(a.refusals()).toEqual(['busy here', 'busy here']);
    expect([a.isUp(b), a.log]).toEqual([true, ['up session-1']]);
    await stage.close?.();
  });
});
