import { Prng } from 'holdfast/std';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until, viewOf } from '../testing/cluster.ts';
import type { Instance } from '../testing/instance.ts';
import { framed, sendSnapshot, tellLies } from './testing/lies.ts';
import { limits } from './testing/limits.ts';
import { newId, RoguePeer } from './testing/rogue-peer.ts';
import { expectWell } from './testing/well.ts';
import {
  type Head,
  hugeNumber,
  id,
  join,
  member,
  messages,
  opening,
  record,
  recordKinds,
  records,
  text,
  u8,
  varint,
  vector,
} from './testing/wire.ts';

/**
 * A peer that speaks the protocol of links and says nonsense over it, before it is let in and after. The good
 * replicas go on, keep what they have, and stay equal.
 */

let cluster: Cluster;
let target: Instance;

beforeAll(async () => {
  cluster = await Cluster.start(2);
  target = cluster.at(0);
}, 120_000);

afterAll(() => cluster?.stop());

async function asRogue(attack: (rogue: RoguePeer) => Promise<void>): Promise<void> {
  const rogue = await RoguePeer.connect({ target: target.address });
  await attack(rogue).finally(() => rogue.close());
  await expectWell(cluster);
  await target.ask('DELETE', '/view', { 'socket-address': rogue.address });
  for (const replica of cluster.replicas) {
    const isOut = async () => !(await viewOf(replica)).includes(rogue.address);
    await until(isOut, 'the rogue is out', limits.waitMs);
  }
}

function headOf(rogue: RoguePeer, changes: Partial<Head> = {}): Head {
  const sequence = rogue.sequence++;
  return { origin: rogue.origin, sequence, stamp: Date.now() * 1024 + sequence, ...changes };
}

describe('a stranger', () => {
  it.each<[string, (rogue: RoguePeer) => void]>([
    ['that greets as another group', (rogue) => rogue.greet([], { group: 7 })],
    ['that greets with 100,000 origins', (rogue) => rogue.greet(origins(100_000))],
    ['that greets with sequences beyond all', (rogue) => rogue.greet([[newId(), hugeNumber]])],
    ['that sends records unasked', (rogue) => rogue.say(messages.records, records(1, [Buffer.alloc(9)]))],
    ['that says the replica was restored', (rogue) => strange(rogue, 'restored')],
    ['that says the replica was removed', (rogue) => strange(rogue, 'fenced')],
    ['that says the replica has to join', (rogue) => strange(rogue, 'rejoin')],
    [
      'that confirms what it never got',
      (rogue) => rogue.say(messages.ack, join(id(newId()), varint(hugeNumber))),
    ],
    ['that asks for everything', (rogue) => rogue.say(messages.pull, join(varint(1), vector([])))],
    [
      'that begins a snapshot',
      (rogue) => void sendSnapshot(rogue, [framed(Buffer.alloc(1_000, 0xff))], { epoch: 1 }),
    ],
    ['of another kind', (rogue) => rogue.say(999, Buffer.alloc(10))],
  ])(
    '%s',
    async (_, attack) => {
      const key = `kept-${newId()}`;
      const kept = await put(target, key, 1);
      await asRogue(async (rogue) => {
        attack(rogue);
        // Link messages come in order: what is told after them was told in their knowledge.
        rogue.greet();
        await until(async () => rogue.heard.has(messages.verdict) || rogue.downs > 0, 'it was heard');
      });
      expect((await get(target, 'own', metadataOf(kept))).status).toBe(404);
      expect((await get(target, key, metadataOf(kept))).body.value).toBe(1);
      expect(target.lines.join('\n')).not.toMatch(/ joining /);
    },
    60_000,
  );
});

describe('a peer that was let in', () => {
  it.each<[string, (rogue: RoguePeer) => readonly Uint8Array[]]>([
    ['members without an address', (rogue) => [member(headOf(rogue), 'nowhere', true)]],
    ['a member with a long address', (rogue) => [member(headOf(rogue), `${'h'.repeat(9_000)}:80`, true)]],
    ['its own incarnation as abandoned', (rogue) => [abandoning(rogue, rogue.origin), write(rogue)]],
    [
      'an incarnation of everybody else as abandoned',
      (rogue) => [abandoning(rogue, newId()), write(rogue)],
    ],
    ['itself as vouched for beyond all', (rogue) => [vouching(rogue, rogue.origin), write(rogue)]],
    ['others as vouched for beyond all', (rogue) => [vouching(rogue, newId()), write(rogue)]],
    ['a stamp beyond all', (rogue) => [write(rogue, { stamp: hugeNumber })]],
    ['a stamp beyond all for a write handed in again', (rogue) => [again(rogue, hugeNumber)]],
    ['records of another group', (rogue) => [write(rogue, { group: 9 })]],
    ['a record far ahead', (rogue) => [write(rogue, { sequence: hugeNumber })]],
    ['records that wait for ever', (rogue) => waiting(rogue)],
    ['a record that depends on itself', (rogue) => [write(rogue, { dependencies: [[rogue.origin, 5]] })]],
    ['a record of unknown kind', (rogue) => [record(77, headOf(rogue))]],
    ['half a record', (rogue) => [write(rogue).subarray(0, 20)]],
    ['an empty record', () => [Buffer.alloc(0)]],
  ])(
    'sends %s',
    async (_, attack) => {
      await asRogue(async (rogue) => {
        await rogue.enter();
        rogue.send(...attack(rogue));
        const pulls = rogue.pulls;
        await until(async () => rogue.pulls > pulls || rogue.downs > 0, 'it was heard', limits.waitMs);
        const token = join(u8(1), varint(1), varint(0), vector([[rogue.origin, 1]])).toString('base64url');
        for (const replica of cluster.replicas) {
          expect([200, 404, 503]).toContain((await get(replica, 'rogue', token)).status);
        }
        const written = await put(target, 'rogue', 'overwritten');
        expect((await get(target, 'rogue', metadataOf(written))).body.value).toBe('overwritten');
      });
    },
    60_000,
  );

  it('sends records of the replica itself', async () => {
    await asRogue(async (rogue) => {
      await rogue.enter();
      const { body } = await put(target, 'own', 1);
      const token = Buffer.from(body['causal-metadata'] as string, 'base64url');
      const origin = token.subarray(4, 12).toString('hex');
      const last = sequenceIn(token.subarray(12));
      for (let ahead = 1; ahead <= 3; ahead++) {
        const key = text('forged');
        const head = { origin, sequence: last + ahead, stamp: Date.now() * 1024 };
        rogue.send(record(recordKinds.put, head, key, text('1')));
      }
      await until(async () => rogue.downs > 0, 'the link is broken off', limits.waitMs);
      expect((await get(target, 'forged')).status).toBe(404);
    });
  }, 60_000);

  it('sends what it has heard and said before, changed at random', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    const prng = new Prng(seed);
    const lies = asRogue(async (rogue) => {
      for (let round = 0; round < 6; round++) await tellLies(rogue, prng);
    });
    await lies.catch((error) => {
      throw new Error(`SEED=${seed} in the environment tells the same lies.`, { cause: error });
    });
  }, 120_000);
});

function sequenceIn(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte, at) => sum + (byte & 0x7f) * 0x80 ** at, 0);
}

function origins(count: number): [string, number][] {
  return Array.from({ length: count }, () => [newId(), 1]);
}

function strange(rogue: RoguePeer, judgement: 'restored' | 'fenced' | 'rejoin'): void {
  rogue.greet();
  rogue.judge(judgement);
}

function write(rogue: RoguePeer, changes: Partial<Head> = {}): Buffer {
  return record(recordKinds.put, headOf(rogue, changes), text('rogue'), text('"rogue"'));
}

function again(rogue: RoguePeer, stamp: number): Buffer {
  const first = join(varint(stamp), id(rogue.origin), varint(1));
  return record(recordKinds.putAgain, headOf(rogue), first, text('rogue'), text('"rogue"'));
}

function abandoning(rogue: RoguePeer, origin: string): Buffer {
  return opening(headOf(rogue), { node: rogue.node, address: rogue.address, abandons: [origin] });
}

function vouching(rogue: RoguePeer, origin: string): Buffer {
  const vouches = [[origin, 2 ** 48] as const];
  return opening(headOf(rogue), { node: rogue.node, address: rogue.address, vouches, handsIn: 2 ** 40 });
}

function waiting(rogue: RoguePeer): Buffer[] {
  return origins(20_000).map(([origin]) => write(rogue, { origin, sequence: 2 }));
}
