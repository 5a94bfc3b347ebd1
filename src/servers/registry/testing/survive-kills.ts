import { expect, vi } from 'vitest';
import { Population } from './population.ts';
import { RegistryProcess } from './registry-process.ts';

export interface Scale {
  readonly instances: number;
  readonly watchers: number;
  readonly kills: number;
  /** For every watcher to show everything as it is. */
  readonly exactMsMax: number;
}

/**
 * Instances come, change and go, with the registry there and with it killed. Whenever it is there, every
 * watcher comes to show each change that was made; on no way there it shows an instance too few, an earlier
 * state, or anything twice.
 */
export async function surviveKills({ instances, watchers, kills, exactMsMax }: Scale): Promise<void> {
  const registry = await RegistryProcess.start();
  const population = new Population(registry.address);
  const exact = async (): Promise<void> => {
    await vi.waitFor(() => expect(population.wrongWatchers).toBe(0), {
      timeout: exactMsMax,
      interval: 50,
    });
    expect(population.faults).toEqual([]);
  };
  try {
    await population.addListed(instances);
    population.watch(watchers);
    await exact();
    const some = Math.ceil(instances / 40);
    for (let kill = 0; kill < kills; kill++) {
      // A whole life more for some; others are about to go.
      for (let step = 0; step < 4; step++) {
        population.advance(0, some);
        if (step === 0) population.advance(some, 2 * some);
        await exact();
      }
      await registry.kill();
      // While it is away, some change, some say goodbye and some are new.
      population.advance(0, 3 * some);
      population.add(some);
      await registry.startAgain();
      population.advance(3 * some, 5 * some);
      await exact();
      // Those that went come back, and all the others change: all are ready when the next kill comes.
      population.advanceToReady();
      await exact();
    }
  } finally {
    await population.close();
    await registry.kill();
  }
}
