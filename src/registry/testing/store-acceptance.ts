import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { encodeFrame } from '../wire.ts';
import { type MakeStoreStage, type OpenOptions, StoreSession } from './store-stage.ts';

/** Long enough that a test on a busy machine does not lose one on the way. */
const longMs = 60_000;
const shortMs = 1_000;
/** Where time is real, a busy machine takes long over it. */
const testMs = 60_000;
/** Each test has a stage of its own: those that mostly wait do so at the same time. */
const waiting = { timeout: testMs, concurrent: true };

type Play = (session: StoreSession) => Promise<void>;

/** What every RegistryStore does, in memory or not. */
export function storeAcceptance(name: string, make: MakeStoreStage): void {
  const on = (leaseMs: number, options: OpenOptions, play: Play) => async () => {
    const stage = await make(options);
    try {
      const session = new StoreSession(stage, leaseMs);
      if (options.warmingMs === 0) await whenSettled(session);
      await play(session);
    } finally {
      await stage.close();
    }
  };
  const settled = { warmingMs: 0 };

  describe(`RegistryStore, ${name}: what is listed`, { timeout: testMs }, () => {
    it(
      'gives every change of content a revision, and a renewal none',
      on(longMs, settled, async (session) => {
        expect(await session.put('a-1', 'i1', { state: 'starting' })).toBe('listed at 1');
        expect(await session.put('a-1', 'i1', { state: 'ready' })).toBe('listed at 2');
        expect(await session.put('a-1', 'i1', { weight: 2 })).toBe('listed at 3');
        expect(await session.put('a-1', 'i1', { weight: 2, metadata: { v: '1', w: '2' } })).toBe(
          'listed at 4',
        );
        expect(await session.put('a-1', 'i1', { weight: 2, metadata: { w: '2', v: '1' } })).toBe(
          'listed at 4',
        );
        expect(await session.put('a-1', 'i1', { weight: 2, zone: 'z' })).toBe('listed at 5');
      }),
    );

    it(
      'is listed as it was put, by service and in all',
      on(longMs, settled, async (session) => {
        const extra = {
          zone: 'z',
          weight: 0.5,
          metadata: { 'ключ "1"\n': '\u{1f512}\ud800\\', __proto__x: '' },
        };
        await session.put('a-1', 'i1', extra);
        await session.answerToPut('b-1', 'i1', { service: 'constructor' });
        const { instances, position, held } = await session.list('a');
        expect(instances).toEqual([
          {
            service: 'a',
            instance: {
              id: 'a-1',
              incarnation: 'i1',
              host: '127.0.0.1',
              port: 8080,
              state: 'ready',
              ...extra,
            },
          },
        ]);
        expect([position.revision, held]).toEqual([2, undefined]);
        expect(await session.ids()).toBe('a-1 b-1');
        expect(await session.ids('other')).toBe('');
      }),
    );

    it(
      'fences an incarnation that was superseded, and one that was removed',
      on(longMs, settled, async (session) => {
        await session.put('a-1', 'i1');
        expect(await session.put('a-1', 'i2')).toBe('listed at 2');
        expect(await session.put('a-1', 'i1')).toBe('fenced by i2');
        expect(await session.remove('a-1', 'i1')).toBe('not removed at 2');
        expect(await session.remove('a-1', 'i2')).toBe('removed at 3');
        expect(await session.put('a-1', 'i2')).toBe('fenced by its removal');
        expect(await session.put('a-1', 'i3')).toBe('listed at 4');
      }),
    );

    it(
      'refuses the earlier of two ordered incarnations even when it never saw it before',
      on(longMs, settled, async (session) => {
        await session.put('a-1', '0mb2zzzzz-00000002');
        expect(await session.put('a-1', '0mb2zzzzy-ffffffff')).toBe('fenced by 0mb2zzzzz-00000002');
        expect(await session.put('a-1', '0mb300000-00000000')).toBe('listed at 2');
        expect(await session.put('a-1', '0mb300000-0000000a')).toBe('listed at 3');
        expect(await session.put('a-1', '0mb300000-00000009')).toBe('fenced by 0mb300000-0000000a');
      }),
    );

    it(
      'fences what is removed before it arrives',
      on(longMs, settled, async (session) => {
        expect(await session.remove('a-1', 'i1')).toBe('not removed at 0');
        expect(await session.put('a-1', 'i1')).toBe('fenced by its removal');
      }),
    );

    it(
      'ignores a put that was overtaken',
      on(longMs, settled, async (session) => {
        await session.put('a-1', 'i1', { state: 'ready' }, 1);
        await session.put('a-1', 'i1', { state: 'draining' }, 10);
        expect(await session.put('a-1', 'i1', { state: 'ready' }, 9)).toBe('listed at 2');
        expect((await session.list()).instances[0]?.instance.state).toBe('draining');
        expect(await session.put('a-1', 'i2', { state: 'ready' }, 1)).toBe('listed at 3');
      }),
    );

    it(
      'is at most so many instances',
      on(longMs, settled, async (session) => {
        const { instancesMax } = limits;
        for (let first = 0; first < instancesMax; first += 500) {
          const some = Array.from({ length: 500 }, (_, n) => session.put(`a-${first + n}`, 'i'));
          expect((await Promise.all(some)).at(-1)).toBe(`listed at ${first + 500}`);
        }
        expect(await session.put('one-more', 'i')).toBe('full: instancesMax');
        expect(await session.put('a-1', 'i')).toBe(`listed at ${instancesMax}`);
        expect((await session.list()).instances).toHaveLength(instancesMax);
      }),
    );

    it(
      'is at most so many bytes, and has room again when something is gone',
      on(longMs, settled, async (session) => {
        const metadata = { a: 'x'.repeat(11_000) };
        let count = 0;
        while ((await session.put(`a-${count}`, 'i1', { metadata })).startsWith('listed')) count += 1;
        expect(count).toBeGreaterThan(500);
        expect(await session.put('one-more', 'i1', { metadata })).toBe('full: listBytesMax');
        expect(await session.put('a-0', 'i2', { zone: 'z'.repeat(64 * 1024) })).toBe(
          'full: instanceBytesMax',
        );
        expect((await session.list()).position.revision).toBe(count);
        const watch = session.watch();
        await watch.told(1);
        const bytes = watch.frames.reduce((sum, frame) => sum + Buffer.byteLength(encodeFrame(frame)), 0);
        expect(bytes).toBeLessThan(limits.listBytesMax + 1000);
        expect(await session.put('a-1', 'i1', { metadata, state: 'draining' })).toBe(
          `listed at ${count + 1}`,
        );
        await session.remove('a-1', 'i1');
        expect(await session.put('more', 'i1', { metadata })).toBe(`listed at ${count + 3}`);
        expect(await session.put('one-more', 'i1', { metadata })).toBe('full: listBytesMax');
      }),
    );
  });

  describe(`RegistryStore, ${name}: leases`, waiting, () => {
    it(
      'run out, and the incarnation may come back',
      on(shortMs, settled, async (session) => {
        await session.put('a-1', 'i1');
        const watch = session.watch();
        expect(await watch.told(2)).toEqual(['e-1 snapshot [a/a-1]', 'e-2 remove a/a-1 i1 expired']);
        expect(await session.ids()).toBe('');
        expect(await session.put('a-1', 'i1')).toBe('listed at 3');
      }),
    );

    it(
      'that are renewed stay',
      on(shortMs, settled, async (session) => {
        await session.answerToPut('a-2', 'i1', {}, undefined, 2 * shortMs);
        await session.keep(['a-1'], 3 * shortMs);
        expect(await session.ids()).toBe('a-1');
        expect((await session.list()).position.revision).toBe(3);
      }),
    );

    it(
      'let the living one back that late news of a dead one with a later clock had superseded',
      on(shortMs, settled, async (session) => {
        const living = '0mb2zzzzy-ffffffff';
        const dead = '0mb2zzzzz-00000002';
        await session.put('a-1', living);
        await session.put('a-1', dead);
        expect(await session.put('a-1', living)).toBe(`fenced by ${dead}`);
        const watch = session.watch();
        await watch.told(2);
        expect(await session.put('a-1', living)).toBe('listed at 4');
      }),
    );

    it(
      'do not run out by time in which nothing ran',
      on(2 * shortMs, settled, async (session) => {
        await session.put('a-1', 'i1');
        await session.stage.stall(3 * shortMs);
        await session.stage.until(() => session.reports().includes('stalled'), 'the stall is noticed');
        expect(await session.ids()).toBe('a-1');
        const watch = session.watch();
        expect((await watch.told(2)).at(-1)).toBe('e-2 remove a/a-1 i1 expired');
      }),
    );

    it(
      'of most instances that run out together are held back, visibly and for a limited time',
      on(shortMs, settled, async (session) => {
        const { stage } = session;
        const dying = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5'];
        const watch = session.watch();
        await Promise.all(dying.map((id) => session.put(id, 'i1')));
        await session.keep(['a-6'], 2 * shortMs);
        expect(session.reports()).toEqual(['expiry-held']);
        const { held, instances } = await session.list();
        // One may have run out by itself, a moment before the others.
        expect(held?.silent).toBeGreaterThanOrEqual(4);
        expect(held).toMatchObject({ silent: instances.length - 1, total: instances.length });
        expect(held?.remainingMs).toBeGreaterThan(0);
        expect(held?.remainingMs).toBeLessThanOrEqual(stage.holdMs);
        await session.keep(['a-6'], stage.holdMs);
        expect(session.reports()).toEqual(['expiry-held', 'expiry-released']);
        expect(await session.ids()).toBe('a-6');
        expect((await session.list()).held).toBeUndefined();
        const lines = await watch.told(12);
        const dropped = lines.flatMap((text) => /remove a\/(a-\d) i1 expired/.exec(text)?.[1] ?? []);
        expect([...dropped].sort()).toEqual(dying);
      }),
    );

    it(
      'held back wait a moment for stragglers once most are back',
      on(shortMs, settled, async (session) => {
        const { stage } = session;
        const back = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5'];
        await Promise.all([...back, 'a-6'].map((id) => session.put(id, 'i1')));
        await stage.until(() => session.reports().includes('expiry-held'), 'expiry is held');
        await session.keep(back, stage.recoverMs + shortMs);
        expect(session.reports()).toEqual(['expiry-held', 'expiry-released']);
        expect(await session.ids()).toBe(back.join(' '));
      }),
    );
  });

  describe(`RegistryStore, ${name}: watching`, waiting, () => {
    it(
      'starts with a snapshot and resumes with exactly what was missed',
      on(longMs, settled, async (session) => {
        await session.put('a-1', 'i1');
        expect(await session.watch('a').told(1)).toEqual(['e-1 snapshot [a/a-1]']);
        expect(await session.watch('other').told(1)).toEqual(['e-1 snapshot []']);
        await session.put('a-2', 'i1');
        await session.remove('a-1', 'i1');
        const [from1, from2, from3] = [await session.at(1), await session.at(2), await session.at(3)];
        const missed = ['e-2 put a/a-2 i1 ready', 'e-3 remove a/a-1 i1 withdrawn', 'e-3 settled'];
        expect(await session.watch('a', from1).told(3)).toEqual(missed);
        expect(await session.watch('a', from3).told(1)).toEqual(['e-3 settled']);
        expect(await session.watch('other', from1).told(1)).toEqual(['e-3 settled']);
        expect(await session.watch(undefined, from2).told(2)).toEqual(missed.slice(1));
      }),
    );

    it(
      'goes on with every change once, of one service or of all, until it is ended',
      on(longMs, settled, async (session) => {
        const [all, one, ended] = [session.watch(), session.watch('a'), session.watch()];
        ended.close();
        await session.answerToPut('b-1', 'i1', { service: 'b' });
        await session.put('a-1', 'i1');
        await session.put('a-1', 'i1');
        await session.remove('a-1', 'i1');
        const ofA = ['e-2 put a/a-1 i1 ready', 'e-3 remove a/a-1 i1 withdrawn'];
        expect(await all.told(4)).toEqual(['e-0 snapshot []', 'e-1 put b/b-1 i1 ready', ...ofA]);
        expect(await one.told(3)).toEqual(['e-0 snapshot []', ...ofA]);
        expect(ended.lines).toEqual(['e-0 snapshot []']);
      }),
    );

    it(
      'gives a snapshot to a position it does not know',
      on(longMs, { ...settled, historyMax: 4 }, async (session) => {
        for (let index = 0; index < 20; index++) await session.put('a-1', 'i1', { port: 1000 + index });
        const snapshot = ['e-20 snapshot [a/a-1]'];
        const recent = await session.watch('a', await session.at(19)).told(2);
        expect(recent).toEqual(['e-20 put a/a-1 i1 ready', 'e-20 settled']);
        expect(await session.watch('a', await session.at(1)).told(1)).toEqual(snapshot);
        expect(await session.watch('a', await session.at(21)).told(1)).toEqual(snapshot);
        expect(await session.watch('a', { epoch: 'another', revision: 20 }).told(1)).toEqual(snapshot);
      }),
    );

    it(
      'says that it warms, and when it has',
      on(longMs, { warmingMs: 3 * shortMs }, async (session) => {
        await session.put('a-1', 'i1');
        expect((await session.list()).warming).toBe(true);
        const watch = session.watch('a');
        expect(await watch.told(1)).toEqual(['e-1 snapshot warming [a/a-1]']);
        expect(await session.watch('a', await session.at(1)).told(1)).toEqual(['e-1 alive']);
        expect(await watch.told(2)).toEqual(['e-1 snapshot warming [a/a-1]', 'e-1 settled']);
        expect((await session.list()).warming).toBe(false);
        expect(await session.watch('a').told(1)).toEqual(['e-1 snapshot [a/a-1]']);
      }),
    );

    it(
      'says a word now and then when there is nothing to say',
      on(longMs, settled, async (session) => {
        const watch = session.watch('quiet');
        await session.put('a-1', 'i1');
        const alive = () => watch.frames.filter(({ type }) => type === 'alive');
        await session.stage.until(() => alive().length >= 2, 'two keep-alives');
        expect(alive().at(-1)?.position.revision).toBe(1);
      }),
    );
  });
}

async function whenSettled(session: StoreSession): Promise<void> {
  const watch = session.watch();
  const isSettled = () =>
    watch.frames.some((frame) => frame.type === 'settled' || (frame.type === 'snapshot' && !frame.warming));
  await session.stage.until(isSettled, 'it has settled');
  watch.close();
}
