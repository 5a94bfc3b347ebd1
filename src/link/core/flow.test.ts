import { describe, expect, it } from 'vitest';
import { seedOf } from '../../host/acceptance/index.ts';
import { Prng } from '../../std/index.ts';
import { Flow } from './flow.ts';

const seed = seedOf(import.meta.url);

describe('Flow', () => {
  it('carries all bytes in order, and never more at once than the window', () => {
    const prng = new Prng(seed);
    for (let round = 0; round < 200; round++) {
      const windowBytes = 1 + prng.below(100);
      const writer = new Flow(windowBytes, 50);
      const reader = new Flow(50, windowBytes);
      const total = prng.below(2000);
      const arrived: number[] = [];
      let written = 0;
      for (let steps = 0; arrived.length < total || reader.unconsumedBytes > 0; steps++) {
        expect(steps, `round ${round}, seed ${seed}`).toBeLessThan(100_000);
        if (writer.accepts && written < total) {
          const size = Math.min(1 + prng.below(150), total - written);
          writer.put(Uint8Array.from({ length: size }, (_, index) => (written + index) % 251));
          written += size;
        }
        if (writer.sendable) {
          const bytes = writer.take(1 + prng.below(64));
          expect(reader.received(bytes.length)).toBe(true);
          arrived.push(...bytes);
          expect(reader.unconsumedBytes).toBeLessThanOrEqual(windowBytes);
        }
        if (prng.chance(0.5)) {
          const grant = reader.consumed(prng.below(reader.unconsumedBytes + 1));
          expect(writer.granted(grant)).toBe(true);
        }
      }
      expect(arrived).toEqual(Array.from({ length: total }, (_, index) => index % 251));
    }
  });

  it('notices a writer that sends more than it may, and a reader that grants more than there is', () => {
    const flow = new Flow(100, 100);
    expect([flow.received(100), flow.received(1)]).toEqual([true, false]);
    expect(new Flow(100, 100).granted(1)).toBe(false);
  });

  it('holds no more than its own bound for a peer with a huge window', () => {
    const flow = new Flow(2 ** 32 - 1, 100);
    flow.put(new Uint8Array(99));
    expect(flow.accepts).toBe(true);
    flow.put(new Uint8Array(1));
    expect(flow.accepts).toBe(false);
  });
});
