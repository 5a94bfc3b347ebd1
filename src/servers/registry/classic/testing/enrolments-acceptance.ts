import { describe, expect, it } from 'vitest';
import { limits } from '../../../../registry/index.ts';
import type { Enrolment, Enrolments } from '../enrolments.ts';
import { type Closable, onStage } from './on-stage.ts';

/** Where the suite plays. */
export interface EnrolmentsStage extends Closable {
  /** Empty at first. */
  readonly enrolments: Enrolments;
  /** The same again after the process that used them has ended; left out when they end with it. */
  readonly reopen?: () => Promise<Enrolments>;
  /** Waits for a result; what drives a world of virtual time does so here. */
  settle<T>(result: Promise<T>): Promise<T>;
}

export function enrolment(port: number, incarnation = 'i1'): Enrolment {
  const host = '127.0.0.1';
  return { service: 'authen', id: `authen@${host}:${port}`, host, port, incarnation };
}

/** What every leaf of the port Enrolments does as long as nothing fails. */
export function enrolmentsAcceptance(name: string, make: () => Promise<EnrolmentsStage>): void {
  const on = onStage(make);

  describe(`Enrolments: ${name}`, () => {
    it(
      'keep what was added, one of each id',
      on(async (stage) => {
        const { enrolments, settle } = stage;
        expect(await kept(stage)).toEqual([]);
        expect(await settle(enrolments.add(enrolment(1)))).toEqual({ result: 'added' });
        expect(await settle(enrolments.add(enrolment(2)))).toEqual({ result: 'added' });
        expect(await settle(enrolments.add(enrolment(1, 'i2')))).toEqual({ result: 'added' });
        expect(await kept(stage)).toEqual([enrolment(1, 'i2'), enrolment(2)]);
      }),
    );

    it(
      'remove what is there, and no later registration with it',
      on(async (stage) => {
        const { enrolments, settle } = stage;
        await settle(enrolments.add(enrolment(1)));
        await settle(enrolments.add(enrolment(1, 'i2')));
        expect(await settle(enrolments.remove(enrolment(1)))).toEqual({ result: 'absent' });
        expect(await settle(enrolments.remove(enrolment(3)))).toEqual({ result: 'absent' });
        expect(await kept(stage)).toEqual([enrolment(1, 'i2')]);
        expect(await settle(enrolments.remove(enrolment(1, 'i2')))).toEqual({ result: 'removed' });
        expect(await settle(enrolments.remove(enrolment(1, 'i2')))).toEqual({ result: 'absent' });
        expect(await kept(stage)).toEqual([]);
      }),
    );

    it(
      'take changes at the same time one after the other',
      on(async (stage) => {
        const { enrolments, settle } = stage;
        const ports = Array.from({ length: 20 }, (_, index) => index + 1);
        const added = Promise.all(ports.map((port) => enrolments.add(enrolment(port))));
        const removed = Promise.all(ports.slice(10).map((port) => enrolments.remove(enrolment(port))));
        expect(new Set((await settle(added)).map(({ result }) => result))).toEqual(new Set(['added']));
        expect(new Set((await settle(removed)).map(({ result }) => result))).toEqual(new Set(['removed']));
        expect(await kept(stage)).toEqual(ports.slice(0, 10).map((port) => enrolment(port)));
      }),
    );

    it(
      'keep them over a restart, as long as they promise to',
      on(async (stage) => {
        const { enrolments, settle, reopen } = stage;
        await settle(enrolments.add(enrolment(1)));
        await settle(enrolments.add(enrolment(2)));
        await settle(enrolments.remove(enrolment(1)));
        const after = reopen === undefined ? enrolments : await settle(reopen());
        expect(await kept({ ...stage, enrolments: after })).toEqual([enrolment(2)]);
      }),
    );
  });
}

/** The bound of the port; apart, as a leaf on a disk takes its time for a thousand. */
export async function fillsUp({ enrolments, settle }: EnrolmentsStage): Promise<void> {
  for (let port = 1; port <= limits.enrolmentsMax; port++) {
    expect(await settle(enrolments.add(enrolment(port)))).toEqual({ result: 'added' });
  }
  expect(await settle(enrolments.add(enrolment(5000)))).toEqual({ result: 'full' });
  expect(await settle(enrolments.add(enrolment(1, 'i2')))).toEqual({ result: 'added' });
  expect(await settle(enrolments.remove(enrolment(2)))).toEqual({ result: 'removed' });
  expect(await settle(enrolments.add(enrolment(5000)))).toEqual({ result: 'added' });
}

/** Sorted by port. */
export async function kept({ enrolments, settle }: EnrolmentsStage): Promise<readonly Enrolment[]> {
  const outcome = await settle(enrolments.list());
  if (outcome.result === 'failed') throw new Error(outcome.why);
  return [...outcome.enrolments].sort((left, right) => left.port - right.port);
}
