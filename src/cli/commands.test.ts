import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configText, gone, TestFolder, twoServices, waitMs } from './testing/harness.ts';
import { factsOf } from './up/driver/processes.ts';

/** One running topology for all of these; each leaves everything ready. */
let folder: TestFolder;
beforeAll(async () => {
  folder = new TestFolder(configText(twoServices));
  await folder.up();
}, waitMs);
afterAll(() => folder.close());

const ready = (instance: string) =>
  expect.poll(async () => (await folder.row(instance)).state, { timeout: waitMs }).toBe('ready');

describe('commands on a running topology', { timeout: waitMs }, () => {
  it('ps shows a table', async () => {
    const { code, out } = await folder.run('ps');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^service +instance +pid +port +state +restarts +since\nregistry +registry +\d+ +\d+ +ready/,
    );
  });

  it('ps --json gives every field', async () => {
    const [row] = await folder.rows();
    expect(row).toEqual({
      service: 'registry',
      instance: 'registry',
      pid: expect.any(Number),
      port: expect.any(Number),
      zone: null,
      weight: null,
      state: 'ready',
      restarts: 0,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      problem: null,
    });
  });

  it('stop drains and stays down, start brings it back', async () => {
    const { pid } = await folder.row('echo-a-1');
    expect(await folder.run('stop', 'echo-a-1')).toEqual({
      code: 0,
      out: 'echo-a-1 is stopped.\n',
      err: '',
    });
    await gone([pid ?? 0], 0);
    expect(await folder.row('echo-a-1')).toMatchObject({ state: 'stopped', pid: null, restarts: 0 });
    expect((await folder.run('stop', 'echo-a-1')).out).toBe('echo-a-1 is stopped already.\n');
    const started = await folder.run('start', 'echo-a');
    expect(started.out).toMatch(/^echo-a-1 runs \(pid \d+\)\.\necho-a-2 runs already \(pid \d+\)\.\n$/);
    expect(await folder.row('echo-a-1')).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('restart goes from instance to instance: one is always ready', async () => {
    const before = await folder.rows();
    let restarting = true;
    const restart = folder.run('restart', 'echo-a').finally(() => {
      restarting = false;
    });
    while (restarting) {
      const states = (await folder.rows())
        .filter(({ service }) => service === 'echo-a')
        .map(({ state }) => state);
      expect(states).toContain('ready');
    }
    expect((await restart).out).toMatch(
      /^echo-a-1 runs again \(pid \d+\)\.\necho-a-2 runs again \(pid \d+\)\.\n$/,
    );
    const after = await folder.rows();
    for (const { instance, pid } of before.filter(({ service }) => service === 'echo-a')) {
      expect(after.find((row) => row.instance === instance)?.pid).not.toBe(pid);
    }
  });

  it('restart waits until callers know of an instance before it stops the next', async () => {
    const own = new TestFolder(configText("late: { main, port: 0, instances: 2, env: { MODE: 'late' } }"));
    try {
      const up = await own.up();
      await expect.poll(() => up.out.match(/INFO listed/g), { timeout: waitMs }).toHaveLength(2);
      const before = up.out.length;
      expect((await own.run('restart', 'late')).code).toBe(0);
      const told = up.out.slice(before).match(/late-\d .*?INFO (?:draining|listed)/g);
      expect(told?.map((line) => line.replace(/^(\S+) .*INFO/, '$1'))).toEqual([
        'late-1 draining',
        'late-1 listed',
        'late-2 draining',
        'late-2 listed',
      ]);
    } finally {
      await own.close();
    }
  });

  it('restart leaves the others alone when callers cannot know of the first', async () => {
    const own = new TestFolder(
      configText("lost: { main, port: 0, instances: 2, env: { MODE: 'unlisted' } }"),
    );
    try {
      await own.up();
      const { code, err } = await own.run('restart', 'lost');
      expect(code).toBe(1);
      expect(err).toMatch(
        /^lost-1 runs again \(pid \d+\), but is not listed by the registry after 5 s: .*\n/,
      );
      expect(err).toContain('\nlost-2 is left alone, because of lost-1.\n');
      expect(await own.row('lost-2')).toMatchObject({ state: 'ready', restarts: 0 });
    } finally {
      await own.close();
    }
  });

  it('restart says before and after that a paused registry lists nothing', async () => {
    const own = new TestFolder(configText("lost: { main, port: 0, env: { MODE: 'unlisted' } }"));
    try {
      await own.up();
      await own.run('pause', 'registry');
      const { code, err } = await own.run('restart', 'lost');
      const cause = 'the registry is paused. It goes on with: npx holdfast resume registry';
      const [nobody, before, after] = err.split('\n');
      expect(code).toBe(1);
      expect(nobody).toBe('lost has one instance: callers find nobody until it is back.');
      expect(before).toBe(`What starts now is not listed and finds nobody yet: ${cause}`);
      expect(after).toMatch(/^lost-1 runs again .*, but is not listed by the registry after 5 s, because /);
      expect(after).toMatch(new RegExp(`, because ${cause}$`));
    } finally {
      await own.close();
    }
  });

  it('restart takes a new process', async () => {
    const before = await folder.row('echo-b-1');
    const { code, out, err } = await folder.run('restart', 'echo-b');
    const after = await folder.row('echo-b-1');
    expect([code, out]).toEqual([0, `echo-b-1 runs again (pid ${after.pid}).\n`]);
    expect(err).toBe('echo-b has one instance: callers find nobody until it is back.\n');
    expect(after).toMatchObject({ state: 'ready', restarts: before.restarts + 1 });
    expect(after.pid).not.toBe(before.pid);
  });

  it('kill pulls the plug, the registry learns at once, and it is started again', async () => {
    const { pid, restarts } = await folder.row('echo-a-2');
    const { code, out } = await folder.run('kill', 'echo-a-2');
    expect([code, out]).toEqual([0, `echo-a-2 was killed (pid ${pid}) and is started again.\n`]);
    await ready('echo-a-2');
    const after = await folder.row('echo-a-2');
    expect(after).toMatchObject({ state: 'ready', restarts: restarts + 1, problem: null });
    const notice = `/v1/services/echo-a/instances/echo-a-2?incarnation=echo-a-2-${pid}`;
    await expect
      .poll(() => readFileSync(join(folder.data, 'logs', 'registry.log'), 'utf8'))
      .toContain(notice);
    const { out: told } = await folder.run('logs', 'holdfast');
    expect(told).toContain('holdfast | echo-a-2 was killed by SIGKILL. It starts again in 50 ms.\n');
    expect(told).toContain(`holdfast | echo-a-2 is ready again (pid ${after.pid}), `);
  });

  it('pause freezes and resume lets it go on', async () => {
    const { pid } = await folder.row('echo-b-1');
    const { code, out } = await folder.run('pause', 'echo-b-1');
    expect([code, out]).toEqual([
      0,
      `echo-b-1 is paused (pid ${pid}). It goes on with: npx holdfast resume echo-b-1\n`,
    ]);
    await expect.poll(() => factsOf(pid ?? 0)?.state).toBe('T');
    expect((await folder.row('echo-b-1')).state).toBe('paused');
    expect((await folder.run('pause', 'echo-b-1')).out).toBe(`echo-b-1 is paused already (pid ${pid}).\n`);
    expect((await folder.run('start', 'echo-b-1')).err).toMatch(/is paused .*holdfast resume echo-b-1/);
    expect((await folder.run('resume', 'echo-b')).out).toBe(`echo-b-1 goes on (pid ${pid}).\n`);
    expect(await folder.run('resume', 'echo-b')).toMatchObject({
      code: 1,
      err: 'echo-b-1 is not paused.\n',
    });
    expect(await folder.row('echo-b-1')).toMatchObject({ state: 'ready', pid });
  });

  it('calls explain does not take a caller that is silent for one that does not call', async () => {
    const explain = (...more: string[]) => folder.run('calls', 'explain', 'echo-a', ...more);
    expect(await explain()).toEqual({ code: 1, out: '', err: 'No running process calls echo-a.\n' });
    await folder.run('pause', 'echo-b');
    const sentence = 'Cannot tell whether anything calls echo-a: 1 process does not answer.\n';
    const [asText, asJson] = await Promise.all([explain(), explain('--json')]);
    expect(asText).toEqual({
      code: 1,
      out: '',
      err: `echo-b-1 is paused: it cannot say whom it calls.\n${sentence}`,
    });
    expect(asJson).toMatchObject({ code: 1, out: '[]\n', err: expect.stringContaining(sentence) });
    expect((await folder.run('calls', 'explain', 'eco-a')).err).toMatch(
      /Cannot tell .* eco-a: .*\nThere is no service eco-a here\. Did you mean echo-a\?\n$/,
    );
    await folder.run('resume', 'echo-b');
  });

  it('calls explain takes an instance for its service, and names the services that there are', async () => {
    expect(await folder.run('calls', 'explain', 'echo-a-1')).toEqual({
      code: 1,
      out: '',
      err:
        'echo-a-1 is an instance of echo-a, and that is explained.\n' +
        'No running process calls echo-a.\n',
    });
    expect(await folder.run('calls', 'explain', 'zebra')).toEqual({
      code: 2,
      out: '',
      err: 'There is no service zebra, and no caller. There are: registry, echo-a, echo-b, gateway.\n',
    });
    expect((await folder.run('calls', 'explain', 'eco-a')).err).toMatch(/Did you mean echo-a\?\n$/);
    const asJson = await folder.run('calls', 'explain', 'zebra', '--json');
    expect(asJson).toMatchObject({ code: 2, out: '[]\n', err: expect.stringMatching(/no service zebra/) });
  });

  it('a paused one can be stopped and started', async () => {
    await folder.run('pause', 'echo-b');
    expect(await folder.run('stop', 'echo-b')).toMatchObject({ code: 0, out: 'echo-b-1 is stopped.\n' });
    expect(await folder.run('kill', 'echo-b')).toMatchObject({ code: 1, err: 'echo-b-1 does not run.\n' });
    expect(await folder.run('start', 'echo-b')).toMatchObject({ code: 0 });
  });

  it('one that ends by itself is started again', async () => {
    const { pid } = await folder.row('echo-b-1');
    process.kill(pid ?? 0, 'SIGTERM');
    await gone([pid ?? 0], waitMs);
    await ready('echo-b-1');
    expect((await folder.row('echo-b-1')).pid).not.toBe(pid);
  });

  it('an unknown name gets the nearest one, exit code 2', async () => {
    expect(await folder.run('stop', 'echo-b', 'ech-a')).toEqual({
      code: 2,
      out: '',
      err: 'There is no service or instance ech-a. Did you mean echo-a?\n',
    });
    expect((await folder.row('echo-b-1')).state).toBe('ready');
    expect(await folder.run('kill', 'zebra')).toMatchObject({
      err:
        'There is no service or instance zebra. ' +
        'There are: registry, echo-a, echo-a-1, echo-a-2, echo-b, echo-b-1, gateway.\n',
    });
  });

  it('logs puts several in order, takes names and a number of lines', async () => {
    const all = await folder.run('logs');
    expect(all.out).toMatch(/registry \| INFO listening.*\n[\s\S]*echo-a-1 \| INFO listening/);
    const some = await folder.run('logs', 'echo-a', '-n', '2');
    expect(some.out).toMatch(/^(echo-a-[12] \| INFO .*\n){2}$/);
    expect(await folder.run('logs', 'echo-q')).toMatchObject({
      code: 2,
      err: 'There is no log of echo-q. Did you mean echo-a?\n',
    });
    expect(await folder.run('logs', '-n', 'x')).toMatchObject({ code: 2 });
  });

  it('logs -f follows, across a rotation too', async () => {
    const file = join(folder.data, 'logs', 'other.log');
    const line = (text: string): string => `${new Date().toISOString()} ${text}\n`;
    writeFileSync(file, line('first'));
    const logs = folder.start(['logs', '-f', 'other', '-n', '1']);
    await logs.sees(/other +\| first\n/);
    appendFileSync(file, line('second'));
    await logs.sees(/second\n/);
    appendFileSync(file, line('third'));
    renameSync(file, `${file}.1`);
    writeFileSync(file, line('fourth'));
    await logs.sees(/third\n.*fourth\n/);
    logs.child.kill('SIGINT');
    expect((await logs.exit).signal).toBe('SIGINT');
    expect(logs.out.match(/first/g)).toHaveLength(1);
  });

  it('the control server wants the key', async () => {
    const { port } = JSON.parse(readFileSync(join(folder.data, 'up.json'), 'utf8')) as { port: number };
    const url = `http://127.0.0.1:${port}/v1/processes`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { 'x-holdfast-key': 'wrong' } })).status).toBe(401);
    const key = readFileSync(join(folder.data, 'cluster.key'), 'utf8').trim();
    const headers = { 'x-holdfast-key': key };
    expect((await fetch(url, { headers })).status).toBe(200);
    expect((await fetch(url, { headers, method: 'PUT' })).status).toBe(404);
    const act = `http://127.0.0.1:${port}/v1/act`;
    for (const body of [
      '',
      '{',
      '{"action":"explode","names":[]}',
      '{"action":"stop","names":[1]}',
      'null',
    ]) {
      expect((await fetch(act, { headers, method: 'POST', body })).status, body).toBe(400);
    }
  });

  it("a system's command gets its arguments and what runs, and gives the exit code", async () => {
    const { code, out } = await folder.run('pair', 'show', 'one', '--two', '-x');
    const { port } = await folder.row('echo-a-1');
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      args: ['one', '--two', '-x'],
      echo: `http://127.0.0.1:${port}`,
      running: true,
      registries: [`http://127.0.0.1:${(await folder.row('registry')).port}`],
      clusterKey: readFileSync(join(folder.data, 'cluster.key'), 'utf8').trim(),
    });
  });
});
