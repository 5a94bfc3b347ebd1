import { describe, expect, it } from 'vitest';
import { openJournal } from '../../journal/index.ts';
import { createSimulation, type Simulation } from '../../simulator/index.ts';
import { limits } from '../limits.ts';
import { opening } from '../testing/records.ts';
import { encodeRecord } from '../wire.ts';
import { type OpenedStore, openCausalStore } from './open.ts';
import type { StoreEvent } from './store.ts';

const folder = '/data';

/** A disk whose journal knows of so many starts. */
function diskWith(simulation: Simulation, starts: number): void {
  const { disk, clock } = simulation.host('a');
  const fatal = (failure: { readonly message: string }): never => {
    throw new Error(failure.message);
  };
  const options = { disk, clock, folder: `${folder}/journal`, onDamage: 'stop' as const, fatal };
  let durable = 0;
  let isClosed = false;
  openJournal(options, { snapshot: () => {}, record: () => {} }, (outcome) => {
    if (!outcome.ok) throw new Error(outcome.failure.message);
    const { journal } = outcome;
    const append = (from: number): void => {
      const to = Math.min(starts, from + 1_000);
      for (let start = from; start < to; start++) {
        const origin = start.toString(16).padStart(16, '0');
        const record = { ...opening('a1', { start: start + 1, stamp: start + 1 }), origin };
        journal.append(encodeRecord(record), () => {
          if (++durable === starts) journal.close(() => (isClosed = true));
          else if (durable === to) append(to);
        });
      }
    };
    append(0);
  });
  simulation.runUntil(() => isClosed, 600_000);
}

function opened(starts: number) {
  const simulation = createSimulation({ seed: 1 });
  diskWith(simulation, starts);
  const events: StoreEvent[] = [];
  let outcome: OpenedStore | undefined;
  const options = {
    host: simulation.host('a'),
    address: 'a:1',
    folder,
    fatal: () => {},
    observe: (event: { readonly type: string }) => events.push(event as StoreEvent),
  };
  openCausalStore(options, (opened) => {
    outcome = opened;
  });
  simulation.runUntil(() => outcome !== undefined, 600_000);
  return { outcome, events: events.filter(({ type }) => type === 'many-starts') };
}

describe('a store that was started very often', () => {
  it('opens, and says when there are not many starts left', () => {
    expect(opened(limits.startsWarn - 2)).toMatchObject({ outcome: { ok: true }, events: [] });
    const { outcome, events } = opened(limits.startsWarn);
    expect(outcome).toMatchObject({ ok: true });
    expect(events).toMatchObject([{ starts: limits.startsWarn, startsMax: limits.startsMax }]);
  });

  it('opens no more after the last, and says what to do', () => {
    const { outcome } = opened(limits.startsMax);
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(/copy its keys/) });
  });
});
