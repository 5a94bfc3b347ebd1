import type { Prng } from 'holdfast/std';
import { mutated } from './mutation.ts';
import type { RoguePeer } from './rogue-peer.ts';
import { join, record, recordKinds, records, text, varint } from './wire.ts';

const liesOfARound = 20;

/** Goes in as a replica does and sends what was said before, changed, until the link is broken off. */
export async function tellLies(rogue: RoguePeer, prng: Prng): Promise<void> {
  const { ups } = rogue;
  await rogue.enter();
  for (let count = 0; count < liesOfARound && rogue.ups === ups; count++) {
    const said = records(rogue.epoch, [put(rogue), put(rogue)]);
    const heard = rogue.heard.get(1 + prng.below(6)) ?? said;
    const lie = mutated(prng.chance(0.5) ? heard : said, prng);
    rogue.say(1 + prng.below(7), lie);
    if (prng.chance(0.1)) snapshot(rogue, rogue.epoch, lie);
  }
  await rogue.again();
}

export function snapshot(rogue: RoguePeer, epoch: number, bytes: Uint8Array): void {
  const handlers = { data: () => {}, closed: () => {} };
  rogue.link.openStream(1, varint(epoch), handlers)?.write(bytes);
}

function put(rogue: RoguePeer): Uint8Array {
  const sequence = rogue.sequence++;
  const head = { origin: rogue.origin, sequence, stamp: Date.now() * 1024 + sequence };
  return record(recordKinds.put, head, join(text('rogue'), text('"rogue"')));
}
