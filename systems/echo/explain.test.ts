import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningTopology } from './testing/topology.ts';

let running: RunningTopology;

beforeAll(async () => {
  running = await RunningTopology.start('http');
}, 60_000);

afterAll(() => running.stop());

interface Caller {
  readonly caller: string;
  readonly upstreams: readonly {
    readonly instances: readonly { readonly id: string; readonly picks: number }[];
  }[];
}

describe('holdfast calls explain', { timeout: 30_000 }, () => {
  it('shows every caller of a service and what it thinks of each instance', async () => {
    const [b] = running.addressesOf('echo-b');
    for (let index = 0; index < 5; index++) await fetch(`${b}/call-echo?msg=x`);
    const lines = (await running.run('calls', 'explain', 'echo-a')).split('\n');
    const heads = lines.filter((line) => line.includes(' calls echo-a: p2c, '));
    expect(heads.map((line) => line.split(' ')[0])).toEqual(['echo-b-1', 'echo-b-2', 'gateway']);
    for (const id of ['echo-a-1', 'echo-a-2']) {
      const rows = lines.filter((line) => line.startsWith(`  ${id} `));
      expect(rows).toHaveLength(3);
      for (const row of rows) expect(row).toMatch(/ preferred +(healthy|warming up)$/);
    }
  });

  it('says the same as JSON', async () => {
    const callers = JSON.parse(await running.run('calls', 'explain', 'echo-a', '--json')) as Caller[];
    const [b] = callers;
    expect(b?.caller).toBe('echo-b-1');
    const picks = b?.upstreams[0]?.instances.reduce((sum, instance) => sum + instance.picks, 0);
    expect(picks).toBeGreaterThanOrEqual(5);
  });

  it('shows an instance that hangs as one that is not chosen', async () => {
    const [b] = running.addressesOf('echo-b');
    await running.run('pause', 'echo-a-1');
    try {
      for (let index = 0; index < 12; index++)
        expect((await fetch(`${b}/call-echo?msg=x`)).status).toBe(200);
      const answer = JSON.parse(await running.run('calls', 'explain', 'echo-a', '--json')) as Caller[];
      const instances = answer[0]?.upstreams[0]?.instances ?? [];
      const [paused, other] = instances.map(({ picks }) => picks) as [number, number];
      expect(other).toBeGreaterThan(paused);
    } finally {
      await running.run('resume', 'echo-a-1');
    }
  });

  it.each([
    [['calls', 'explain', 'nobody'], 2, 'There is no service nobody, and no caller.'],
    [['calls', 'explain', 'gateway'], 1, 'No running process calls gateway.'],
    [
      ['calls', 'show', 'echo-a'],
      2,
      'Say which service is to be explained: npx holdfast calls explain echo-a',
    ],
    [['calls', 'explain'], 2, "Missing required argument 'service'"],
  ])('answers %j with exit code %i', async (args, code, text) => {
    const failure = await running.run(...args).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, stderr: expect.stringContaining(text) });
  });
});
