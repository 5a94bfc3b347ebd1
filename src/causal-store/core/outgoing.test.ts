import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { decodeRecords } from '../messages.ts';
import { claim, encoded, id, vector, write } from '../testing/records.ts';
import { decodeRecord } from '../wire.ts';
import { Intake } from './intake.ts';
import { nextBatch, type Outgoing } from './outgoing.ts';
import { State } from './state.ts';

const own = id('a');

function upTo(aheadTo: number): { aheadTo: number; bytesMax: number } {
  return { aheadTo, bytesMax: limits.batchBytesMax };
}

/** An intake that has accepted these, the first so many of them durable. */
function intakeOf(words: readonly string[], durable: number, value = '1'): Intake {
  const intake = new Intake(new State());
  for (const word of words) intake.accept(encoded(write(word, { value })));
  for (let count = 0; count < durable; count++) intake.nextDurable();
  return intake;
}

function outgoingTo(theirs: string, catchUpEnd: number): Outgoing {
  return { epoch: 3, had: new Map(), sent: vector(theirs), cursor: 0, catchUpEnd };
}

function names(message: ReturnType<typeof nextBatch>): readonly string[] | 'nothing' | 'too-far-behind' {
  if (message === undefined) return 'nothing';
  if (message === 'too-far-behind') return message;
  return decodeRecords(message).records.map((bytes) => {
    const { record } = decodeRecord(bytes);
    return `${record.origin.slice(0, 1)}${record.sequence}`;
  });
}

describe('the next message of records', () => {
  it('has what the peer lacks and is durable, each once, in the order of the log', () => {
    const intake = intakeOf(['b1', 'a1', 'b2', 'a2'], 3);
    const outgoing = outgoingTo('b1', 4);
    expect(names(nextBatch(intake, own, outgoing, upTo(0)))).toEqual(['a1', 'b2']);
    expect(names(nextBatch(intake, own, outgoing, upTo(0)))).toBe('nothing');
    intake.nextDurable();
    expect(names(nextBatch(intake, own, outgoing, upTo(0)))).toEqual(['a2']);
  });

  it('has only own records behind what was there when the peer asked: the others send theirs', () => {
    const intake = intakeOf(['b1', 'a1', 'b2', 'a2'], 4);
    expect(names(nextBatch(intake, own, outgoingTo('', 1), upTo(0)))).toEqual(['b1', 'a1', 'a2']);
  });

  it('does not run ahead with a claim, nor with what stands behind it', () => {
    const intake = new Intake(new State());
    const records = [write('a1'), claim('a2', ''), write('a3')];
    for (const record of records) intake.accept(encoded(record));
    const outgoing = outgoingTo('', 0);
    expect(names(nextBatch(intake, own, outgoing, upTo(3)))).toEqual(['a1']);
    expect(names(nextBatch(intake, own, outgoing, upTo(3)))).toBe('nothing');
    for (let count = 0; count < 2; count++) intake.nextDurable();
    expect(names(nextBatch(intake, own, outgoing, upTo(3)))).toEqual(['a2', 'a3']);
  });

  it('runs ahead of the disk for writes that wait for other disks, and asks to hear of those', () => {
    const intake = intakeOf(['a1', 'a2', 'a3'], 1);
    const outgoing = outgoingTo('', 0);
    const message = nextBatch(intake, own, outgoing, upTo(2));
    expect(names(message)).toEqual(['a1', 'a2']);
    expect(message instanceof Uint8Array && decodeRecords(message)).toMatchObject({
      epoch: 3,
      wantsAck: true,
    });
    intake.nextDurable();
    intake.nextDurable();
    const rest = nextBatch(intake, own, outgoing, upTo(2));
    expect(names(rest)).toEqual(['a3']);
    expect(rest instanceof Uint8Array && decodeRecords(rest).wantsAck).toBe(false);
  });

  it('is bounded in bytes', () => {
    const words = Array.from({ length: 40 }, (_, index) => `a${index + 1}`);
    const intake = intakeOf(words, 40, 'x'.repeat(20_000));
    const outgoing = outgoingTo('', 0);
    let sent = 0;
    for (let message = nextBatch(intake, own, outgoing, upTo(0)); message !== undefined; ) {
      expect(message instanceof Uint8Array && message.byteLength).toBeLessThan(
        limits.batchBytesMax + 21_000,
      );
      sent += names(message).length;
      message = nextBatch(intake, own, outgoing, upTo(0));
    }
    expect(sent).toBe(40);
  });

  it('cannot be made for a peer whose place in the log is gone', () => {
    const intake = intakeOf(['a1', 'a2'], 2);
    intake.log.trim(vector('a1'));
    expect(names(nextBatch(intake, own, outgoingTo('', 0), upTo(0)))).toBe('too-far-behind');
  });
});
