import { describe, expect, it } from 'vitest';
import type { CrashKind } from '../simulator/index.ts';
import { calm, createSimulation, type Simulation } from '../simulator/index.ts';
import { Subject } from './testing/subject.ts';

interface Play {
  readonly simulation: Simulation;
  readonly subject: Subject;
  /** Whether the story has been told to its end. */
  ended(): boolean;
}

/** Appends alone and together, over several segments, with a snapshot in the middle of it. */
function play(seed: number): Play {
  const simulation = createSimulation({ seed, profile: calm, transcriptLines: 3 });
  let turns = 0;
  const subject: Subject = new Subject({
    simulation,
    segmentBytes: 512,
    olderSnapshots: seed % 2 === 0 ? 0 : 1,
    rots: false,
    work: (_, host) => {
      const turn = (): void => {
        turns++;
        for (let count = 1 + (turns % 3); count > 0; count--) subject.append(120);
        if (turns % 4 === 0) subject.snapshot(5);
        if (turns < 12) host.clock.setTimer(1, turn);
      };
      turn();
    },
  });
  return { simulation, subject, ended: () => turns >= 12 && subject.settled };
}

/**
 * Starts again after a crash, has the power cut after so many events and once more when all has come to rest:
 * then nothing is left that was only seen and never on the medium.
 */
function recover({ simulation, subject }: Play, cutAfter: number): string | undefined {
  subject.host.restart();
  for (let events = 0; events < cutAfter; events++) simulation.step();
  const rest = (): boolean => simulation.runUntil(() => subject.settled, 60_000);
  for (let cut = 0; cut < 2; cut++) {
    subject.host.crash('power');
    subject.host.restart();
    if (!rest()) return subject.problem ?? 'It does not open again.';
  }
  return subject.problem;
}

describe('a crash at any moment', () => {
  const seeds = [1, 2];
  it.each<CrashKind>(['power', 'process'])(
    'loses nothing that was durable: %s',
    { timeout: 120_000 },
    (kind) => {
      let crashes = 0;
      for (const seed of seeds) {
        for (let moment = 1; ; moment++) {
          const story = play(seed);
          for (let events = 0; events < moment; events++) story.simulation.step();
          if (story.ended()) break;
          story.subject.host.crash(kind);
          const problem = recover(story, (moment * 7) % 60);
          expect(problem, `seed ${seed}, event ${moment}`).toBe(undefined);
          crashes++;
        }
      }
      // Enough that every operation has been cut short, and its completion too.
      expect(crashes).toBeGreaterThan(200);
    },
  );

  it('loses nothing when a snapshot has its name, and the name is not durable yet', {
    timeout: 120_000,
  }, () => {
    let crashes = 0;
    for (let moment = 1; ; moment++) {
      const reach = (): Play => {
        const story = play(2);
        for (let events = 0; events < moment; events++) story.simulation.step();
        return story;
      };
      const reached = reach();
      if (reached.ended()) break;
      // All that follows a killed process sees the name; a power cut at any moment of it may take it back.
      if (!reached.simulation.transcript().some((line) => line.includes('rename'))) continue;
      for (let cutAfter = 0; cutAfter < 60; cutAfter++) {
        const story = reach();
        story.subject.host.crash('process');
        expect(recover(story, cutAfter), `event ${moment}, cut after ${cutAfter}`).toBe(undefined);
        crashes++;
      }
    }
    expect(crashes).toBeGreaterThan(400);
  });

  it('tells a whole story when there is none', () => {
    const story = play(1);
    expect(story.simulation.runUntil(story.ended, 10_000)).toBe(true);
    expect(story.subject.problem).toBe(undefined);
    expect(story.subject.snapshots).toBeGreaterThan(1);
  });
});
