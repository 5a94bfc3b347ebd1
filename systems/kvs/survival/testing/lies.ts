import type { Prng } from 'holdfast/std';
import { mutated } from './mutation.ts';
import type { RoguePeer } from './rogue-peer.ts';
import { id, join, record, recordKinds, records, text, u8, varint, vector } from './wire.ts';

const liesOfARound = 20;

/** The one stream that replicas open. */
const snapshotStream = 1;

/** What a chunk begins with, and what its last writes are followed by. */
const chunkKinds = { entries: 1, end: 2, endPiece: 3 } as const;

/** Goes in as a replica does and sends what was said before, changed, until the link is broken off. */
export async function tellLies(rogue: RoguePeer, prng: Prng): Promise<void> {
  const { ups } = rogue;
  const epoch = await rogue.enter();
  for (let count = 0; count < liesOfARound && rogue.ups === ups; count++) {
    const said = records(epoch, [put(rogue), put(rogue)]);
    const heard = rogue.heard.get(1 + prng.below(6)) ?? said;
    const lie = mutated(prng.chance(0.5) ? heard : said, prng);
    rogue.say(1 + prng.below(7), lie);
    if (!prng.chance(0.2)) continue;
    const chunk = framed(mutated(whole([put(rogue)]), prng));
    await sendSnapshot(rogue, [prng.chance(0.8) ? chunk : mutated(chunk, prng)], { epoch });
  }
  await rogue.again();
}

export interface SnapshotHead {
  /** That under which the replica takes something now, by default. */
  readonly epoch?: number;
  /** That it is all there is, as for one that asked to be let in. */
  readonly isWhole?: boolean;
}

/**
 * Sends these bytes as a snapshot, as fast as they are taken, and ends the stream, unless it is to stay open.
 * Resolves when the stream is over, to what the other side said about it.
 */
export function sendSnapshot(
  rogue: RoguePeer,
  pieces: Iterable<Uint8Array>,
  head: SnapshotHead & { readonly staysOpen?: boolean } = {},
): Promise<string> {
  const { epoch = rogue.epoch, isWhole = false, staysOpen = false } = head;
  const left = pieces[Symbol.iterator]();
  let next = left.next();
  return new Promise((resolve) => {
    const go = (): void => {
      while (next.done !== true) {
        if (stream?.write(next.value) !== true) return;
        next = left.next();
      }
      if (!staysOpen) stream?.end();
    };
    const stream = rogue.link.openStream(snapshotStream, join(varint(epoch), u8(isWhole ? 1 : 0)), {
      data: () => {},
      writable: go,
      closed: (reason = 'ended') => resolve(reason),
    });
    if (stream === undefined) resolve('not opened');
    else go();
  });
}

/** A chunk as it stands in the stream: behind its length, or behind another. */
export function framed(chunk: Uint8Array, length = chunk.byteLength): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length);
  return join(head, chunk);
}

/** A chunk of writes with more to come. */
export function entries(writes: readonly Uint8Array[]): Buffer {
  return join(u8(chunkKinds.entries), ...writes.flatMap((each) => [varint(each.byteLength), each]));
}

/** A chunk that ends a snapshot, or, not being the last, begins to. */
export function ending(end: Uint8Array, isLast = true): Buffer {
  return join(entries([]), varint(0), u8(isLast ? chunkKinds.end : chunkKinds.endPiece), end);
}

/** A snapshot in one chunk. */
export function whole(writes: readonly Uint8Array[], parts: HeaderParts = {}): Buffer {
  return join(entries(writes), varint(0), u8(chunkKinds.end), varint(0), header(parts));
}

type Vector = Iterable<readonly [string, number]>;

export interface HeaderParts {
  readonly applied?: Vector;
  readonly stable?: Vector;
  readonly claims?: Vector;
  readonly horizon?: number;
  readonly stampMax?: number;
  readonly members?: readonly Uint8Array[];
  readonly lives?: readonly Uint8Array[];
  readonly abandoned?: readonly Uint8Array[];
  readonly vouched?: readonly Uint8Array[];
  readonly steps?: readonly Uint8Array[];
}

/** All that a snapshot says beside its writes. */
export function header(parts: HeaderParts = {}): Buffer {
  const { applied = [], stable = [], claims = [], horizon = 0, stampMax = 0 } = parts;
  const lists = [parts.members, parts.lives, parts.abandoned, parts.vouched, parts.steps];
  return join(
    ...[applied, stable, claims].map(vector),
    varint(horizon),
    varint(stampMax),
    ...lists.map((list = []) => join(varint(list.length), ...list)),
  );
}

/** What a member's register was last set by. */
export interface SetBy {
  readonly rank?: number;
  readonly stamp: number;
  readonly origin: string;
  readonly sequence?: number;
}

export function memberEntry(address: string, isPresent: boolean, by: SetBy): Buffer {
  const { rank = 2, stamp, origin, sequence = 1 } = by;
  const set = join(u8(1), u8(rank), varint(stamp), text(origin), varint(sequence));
  return join(text(address), u8(isPresent ? 1 : 0), set, u8(1), id(origin), set);
}

export function lifeEntry(origin: string, node: string, start: number, stamp: number): Buffer {
  return join(id(origin), id(node), varint(start), varint(stamp));
}

/** That what the first has claimed at a sequence covers so much of the second. */
export function claimEntry(claimer: string, origin: string, at: number, covers: number): Buffer {
  return join(id(claimer), id(origin), varint(1), varint(at), varint(covers));
}

function put(rogue: RoguePeer): Uint8Array {
  const sequence = rogue.sequence++;
  const head = { origin: rogue.origin, sequence, stamp: Date.now() * 1024 + sequence };
  return record(recordKinds.put, head, join(text('rogue'), text('"rogue"')));
}
