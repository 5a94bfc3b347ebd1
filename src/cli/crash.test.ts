import { afterEach, describe, expect, it } from 'vitest';
import { configText, TestFolder, waitMs } from './testing/harness.ts';

let folder: TestFolder;
afterEach(() => folder.close());

describe('holdfast up with services that do not get ready', { timeout: 30_000 }, () => {
  it('names them, with the last words of one that crashes, and does not wait for ever', async () => {
    const service = (mode: string): string => `{ main, port: 0, env: { MODE: '${mode}' } }`;
    const services = `'echo-a': ${service('crash')}, 'echo-b': ${service('')}, 'echo-c': ${service('slow')}`;
    folder = new TestFolder(configText(services));
    const up = folder.start(['up']);
    await up.sees(/echo-a-1 exited with code 1: Error: no disk for echo-a-1\. It starts again in 200 ms\./);
    await expect
      .poll(async () => (await folder.row('echo-a-1')).problem, { timeout: waitMs })
      .toMatch(/^exited with code 1, \d+ times: Error: no disk for echo-a-1$/);
    expect((await folder.row('echo-b-1')).state).toBe('ready');

    const started = await folder.run('restart', 'echo-a');
    expect(started.code).toBe(1);
    expect(started.err).toMatch(
      /^echo-a-1 is backing-off: exited with code 1(, 2 times)?: Error: no disk for echo-a-1\.\n$/,
    );

    await up.sees(/3 of 5 are ready after 15(\.\d)? s\. See: npx holdfast logs echo-a-1 echo-c-1\n/);
    expect(up.out).toMatch(
      /echo-a-1 +(-|\d+) +\d+ +(backing-off|starting) +exited with code 1, \d+ times: Error: no/,
    );
    expect(up.out).toMatch(/echo-c-1 +\d+ +\d+ +starting\n/);
    const stopped = await folder.run('stop', 'echo-a');
    expect(stopped.out).toBe('echo-a-1 is stopped.\n');
    expect(await folder.row('echo-a-1')).toMatchObject({ state: 'stopped', pid: null, problem: null });
  });
});
