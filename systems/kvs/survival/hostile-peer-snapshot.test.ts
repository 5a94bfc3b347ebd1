import { Prng } from 'holdfast/std';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until, viewOf } from '../testing/cluster.ts';
import type { Instance } from '../testing/instance.ts';
import {
  claimEntry,
  ending,
  entries,
  framed,
  header,
  lifeEntry,
  memberEntry,
  sendSnapshot,
  whole,
} from './testing/lies.ts';
import { limits } from './testing/limits.ts';
import { mutated } from './testing/mutation.ts';
import { newId, RoguePeer } from './testing/rogue-peer.ts';
import { expectWell } from './testing/well.ts';
import { type Head, hugeNumber, join, member, record, recordKinds, text, varint } from './testing/wire.ts';

/**
 * A peer that was let in and answers with snapshots that are well framed and wrong. The replica that gets
 * them refuses them, goes on, and takes an honest one when it needs one.
 */

const mib = 1024 * 1024;

let cluster: Cluster;
let target: Instance;
let other: Instance;

beforeAll(async () => {
  cluster = await Cluster.start(2);
  [target, other] = cluster.replicas as [Instance, Instance];
}, 120_000);

afterAll(() => cluster?.stop());

async function asMember(attack: (rogue: RoguePeer) => Promise<void>): Promise<void> {
  const kept = await put(target, `kept-${newId()}`, 'kept');
  const rogue = await RoguePeer.connect({ target: target.address });
  await rogue
    .enter()
    .then(() => attack(rogue))
    .finally(() => rogue.close());
  await expectWell(cluster);
  expect((await get(target, 'rogue', metadataOf(kept))).status).toBe(404);
  await target.ask('DELETE', '/view', { 'socket-address': rogue.address });
  for (const replica of cluster.replicas) {
    const isOut = async () => !(await viewOf(replica)).includes(rogue.address);
    await until(isOut, 'the rogue is out', limits.waitMs);
  }
  expect(await viewOf(target)).toEqual(await viewOf(other));
}

function headOf(rogue: RoguePeer, changes: Partial<Head> = {}): Head {
  return { origin: rogue.origin, sequence: rogue.sequence++, stamp: Date.now() * 1024, ...changes };
}

function write(rogue: RoguePeer, changes: Partial<Head> = {}): Buffer {
  return record(recordKinds.put, headOf(rogue, changes), text('rogue'), text('"rogue"'));
}

/** The incarnation of a replica, and how much it has written, as its tokens tell. */
async function lastOf(replica: Instance): Promise<readonly [origin: string, sequence: number]> {
  const { body } = await put(replica, 'own', 1);
  const token = Buffer.from(body['causal-metadata'] as string, 'base64url');
  const sequence = token.subarray(12).reduce((sum, byte, at) => sum + (byte & 0x7f) * 0x80 ** at, 0);
  return [token.subarray(4, 12).toString('hex'), sequence];
}

describe('a snapshot that is refused, and its sender cut off:', () => {
  it.each<[string, (rogue: RoguePeer) => Uint8Array]>([
    ['nothing', () => Buffer.alloc(0)],
    ['garbage', () => Buffer.alloc(1_000, 0xff)],
    ['a chunk of unknown kind', () => Buffer.of(9, 0)],
    ['an end of unknown kind', () => join(entries([]), varint(0), Buffer.of(9, 1, 2))],
    ['an end with nothing in it', () => ending(Buffer.alloc(0))],
    ['a write that is cut', (rogue) => whole([write(rogue)]).subarray(0, 20)],
    ['a write of no length that fits', (rogue) => join(entries([]), varint(hugeNumber), write(rogue))],
    ['what is no write', (rogue) => whole([member(headOf(rogue), other.address, false)])],
    ['a record of unknown kind', (rogue) => whole([record(77, headOf(rogue))])],
    ['a stamp beyond all', (rogue) => whole([write(rogue, { stamp: hugeNumber })])],
    ['a dot beyond all', (rogue) => whole([write(rogue, { sequence: hugeNumber })])],
    ['a highest stamp beyond all', (rogue) => whole([write(rogue)], { stampMax: hugeNumber })],
    ['a horizon beyond all', (rogue) => whole([write(rogue)], { horizon: hugeNumber })],
    ['a header that is cut', (rogue) => whole([write(rogue)], { lives: [Buffer.of(1)] })],
    ['a vector of more origins than bytes', () => ending(join(varint(0), varint(hugeNumber)))],
    ['a vector of too many origins', () => ending(join(varint(0), header({ applied: origins(200_000) })))],
    [
      'lists of more than there is',
      () => ending(join(varint(0), header().subarray(0, 5), varint(2 ** 40))),
    ],
    ['a sequence beyond all', () => whole([], { applied: [[newId(), hugeNumber]] })],
    ['more origins than a store takes', () => whole([], { applied: origins(130_000) })],
    ['a write of another group', (rogue) => whole([write(rogue, { group: 7 })])],
    [
      'too long a key',
      (rogue) => whole([record(recordKinds.put, headOf(rogue), text('k'.repeat(2_000)), text('1'))]),
    ],
    [
      'a life beyond all stamps',
      (rogue) => whole([], { lives: [lifeEntry(rogue.origin, newId(), 1, hugeNumber)] }),
    ],
    [
      'a member by a word beyond all stamps',
      (rogue) =>
        whole([], {
          members: [memberEntry(other.address, false, { stamp: hugeNumber, origin: rogue.origin })],
        }),
    ],
    [
      'a member by a word above any operator',
      (rogue) =>
        whole([], {
          members: [memberEntry(other.address, false, { rank: 255, stamp: 1, origin: rogue.origin })],
        }),
    ],
    [
      'a member without an address',
      () => whole([], { members: [memberEntry('nowhere', true, { stamp: 1, origin: newId() })] }),
    ],
  ])(
    '%s',
    async (_, chunk) => {
      await asMember(async (rogue) => {
        await sendSnapshot(rogue, [framed(chunk(rogue))]);
        await until(async () => rogue.downs > 0, 'the link is broken off', limits.waitMs);
      });
    },
    60_000,
  );

  it('more of the replica itself than it ever wrote', async () => {
    await asMember(async (rogue) => {
      const [origin, last] = await lastOf(target);
      await sendSnapshot(rogue, [framed(whole([write(rogue)], { applied: [[origin, last + 100]] }))]);
      await until(async () => rogue.downs > 0, 'the link is broken off', limits.waitMs);
    });
  }, 60_000);

  it('an end in pieces that never ends', async () => {
    await asMember(async (rogue) => {
      const piece = framed(ending(Buffer.alloc(3 * mib), false));
      await sendSnapshot(
        rogue,
        Array.from({ length: 40 }, () => piece),
      );
      await until(async () => rogue.downs > 0, 'the link is broken off', limits.waitMs);
    });
  }, 120_000);

  it('a whole one, changed at random', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    const prng = new Prng(seed);
    const lies = asMember(async (rogue) => {
      for (let round = 0; round < 30; round++) {
        const { ups } = rogue;
        const changed = record(recordKinds.put, headOf(rogue), text('changed'), text('"changed"'));
        const lie = mutated(whole([changed]), prng);
        await sendSnapshot(rogue, [framed(lie)]);
        if (rogue.ups === ups) await rogue.again();
        await rogue.enter();
      }
    });
    await lies.catch((error) => {
      throw new Error(`SEED=${seed} in the environment tells the same lies.`, { cause: error });
    });
  }, 120_000);
});

describe('a stream that leads to nothing:', () => {
  it.each<[string, (rogue: RoguePeer) => readonly Uint8Array[], string | RegExp]>([
    ['a chunk over the bound', () => [framed(Buffer.alloc(10), 5 * mib)], /too long/],
    [
      'a chunk that is announced longer than it is',
      (rogue) => [framed(whole([write(rogue)]), 90_000)],
      /.*/,
    ],
    ['half a length', () => [Buffer.of(1, 0)], /.*/],
    ['writes without an end', (rogue) => [framed(entries([write(rogue)]))], /.*/],
    ['nothing at all', () => [], /.*/],
  ])(
    '%s',
    async (_, pieces, told) => {
      await asMember(async (rogue) => {
        expect(await sendSnapshot(rogue, pieces(rogue))).toMatch(told);
      });
    },
    60_000,
  );

  it('that stays open is given up in the end', async () => {
    await asMember(async (rogue) => {
      const told = sendSnapshot(rogue, [framed(entries([write(rogue)]))], { staysOpen: true });
      expect(await told).toMatch(/for too long/);
    });
  }, 60_000);

  it.each([
    ['that answers nothing', { epoch: 99 }],
    ['that nobody asked for', { isWhole: true }],
  ])(
    '%s',
    async (_, head) => {
      await asMember(async (rogue) => {
        await sendSnapshot(rogue, [framed(whole([write(rogue)]))], head);
      });
    },
    60_000,
  );
});

describe('a snapshot whose lies change nothing:', () => {
  it.each<[string, () => Promise<Uint8Array>]>([
    ['what nobody has written', async () => whole([], { applied: [[newId(), 5]], stable: [[newId(), 5]] })],
    [
      'another node for an incarnation',
      async () => {
        const [origin] = await lastOf(other);
        return whole([], { lives: [lifeEntry(origin, newId(), hugeNumber, Date.now() * 1024)] });
      },
    ],
    [
      'that others have claimed everything',
      async () => {
        const [origin] = await lastOf(other);
        const [own] = await lastOf(target);
        const steps = [
          claimEntry(origin, own, hugeNumber, hugeNumber),
          claimEntry(own, origin, 1, hugeNumber),
        ];
        return whole([], { steps, claims: [[origin, 2 ** 47]] });
      },
    ],
  ])(
    '%s',
    async (_, chunk) => {
      await asMember(async (rogue) => {
        expect(await sendSnapshot(rogue, [framed(await chunk())])).toBe('ended');
      });
    },
    60_000,
  );
});

it('takes an honest snapshot after all that', async () => {
  const written = await put(other, 'honest', 'yes');
  await target.kill();
  await cluster.wipe(target);
  await target.start();
  const arrives = async () => (await get(target, 'honest', metadataOf(written))).body.value === 'yes';
  await until(arrives, 'the snapshot arrives', limits.waitMs);
  expect(target.lines.join('\n')).toMatch(/ joining /);
  await cluster.whole(limits.waitMs);
  await expectWell(cluster);
}, 120_000);

function origins(count: number): [string, number][] {
  return Array.from({ length: count }, (_, index) => [String(index).padStart(16, '0'), 1]);
}
