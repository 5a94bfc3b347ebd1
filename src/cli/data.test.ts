import { existsSync, mkdirSync, readdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { configText, TestFolder, waitMs } from './testing/harness.ts';

/** What becomes of the files of a data folder, by other hands than holdfast's. */
let folder: TestFolder;
afterEach(() => folder.close());

const services = "'echo-a': { main, port: 0 }";
const place = (name: string): string => join(folder.data, name);

/** A folder with data that no `up` runs on. */
function stopped(name: string, content: string): void {
  folder = new TestFolder(configText(services));
  mkdirSync(folder.data);
  writeFileSync(place(name), content);
}

describe('up.json', { timeout: waitMs }, () => {
  it('is mended by the up that runs, whether it was broken or removed', async () => {
    folder = new TestFolder(configText(services));
    const up = await folder.up();
    writeFileSync(place('up.json'), 'x');
    expect((await folder.run('ps')).code).toBe(0);
    writeFileSync(place('up.json'), '');
    const { code, err } = await folder.run('up');
    expect([code, err]).toEqual([1, expect.stringContaining(`runs already (pid ${up.pid})`)]);
    unlinkSync(place('up.json'));
    await expect.poll(() => existsSync(place('up.json')), { timeout: waitMs }).toBe(true);
    expect(await folder.run('down')).toMatchObject({ code: 0, out: expect.stringMatching(/^Stopped 3/) });
  });

  it('that is broken for good is told, and does not keep the next up from starting', async () => {
    stopped('up.json', '{"id": 7}');
    const { code, err } = await folder.run('ps');
    expect([code, err]).toEqual([
      1,
      `${place('up.json')} cannot be read (it is not the record of a holdfast up), and no running ` +
        'holdfast up has mended it. Start one with: npx holdfast up\n',
    ]);
    await folder.up();
    expect((await folder.run('ps')).code).toBe(0);
  });

  it('that cannot be replaced ends up with one sentence', async () => {
    folder = new TestFolder(configText(services));
    mkdirSync(place('up.json'), { recursive: true });
    expect(await folder.run('up')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^The data folder .* cannot be written \(EISDIR: .*\)\. Choose another .*\n$/,
      ),
    });
    expect(readdirSync(folder.data).toSorted()).toEqual(['logs', 'up.json']);
  });
});

describe('cluster.key', { timeout: waitMs }, () => {
  const mend = 'remove it, and the next holdfast up makes a new one.\n';
  const rule = 'one line of 1 to 512 printable ASCII characters without spaces';

  it.each(['', 'one\ntwo\n', 'ключ'])('that is no key is refused: %j', async (content) => {
    stopped('cluster.key', content);
    const { code, out, err } = await folder.run('up');
    expect([code, out, err]).toEqual([1, '', `${place('cluster.key')} holds no key (${rule}): ${mend}`]);
  });

  it('that is a folder is refused', async () => {
    folder = new TestFolder(configText(services));
    mkdirSync(place('cluster.key'), { recursive: true });
    expect((await folder.run('up')).err).toBe(`${place('cluster.key')} cannot be read (EISDIR): ${mend}`);
  });

  it('from the environment has to be one too', async () => {
    folder = new TestFolder(configText(services));
    const up = folder.start(['up'], { CLUSTER_KEY: 'two words' });
    expect((await up.exit).code).toBe(1);
    expect(up.err).toBe(`CLUSTER_KEY in the environment must be ${rule}: set it so, or unset it.\n`);
  });

  it('that was changed under a running up is told as what it is', async () => {
    folder = new TestFolder(configText(services));
    const up = await folder.up();
    const stop = `Put the old key back, or stop it with: kill ${up.pid}\n`;
    const spoils: [() => void, string][] = [
      [
        () => writeFileSync(place('cluster.key'), 'other'),
        `${place('cluster.key')} holds another key by now.`,
      ],
      [() => unlinkSync(place('cluster.key')), `${place('cluster.key')} is gone.`],
    ];
    for (const [spoil, why] of spoils) {
      spoil();
      for (const command of ['ps', 'down', 'up']) {
        const { code, err } = await folder.run(command);
        expect([code, err]).toEqual([1, `holdfast up (pid ${up.pid}) cannot be asked. ${why} ${stop}`]);
      }
    }
  });
});

describe('a log', { timeout: waitMs }, () => {
  it.runIf(existsSync('/dev/full'))('that cannot be written for a while goes on later', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0, env: { MODE: 'chatty' } }"));
    mkdirSync(place('logs'), { recursive: true });
    symlinkSync('/dev/full', place('logs/echo-a-1.log'));
    const up = await folder.up();
    await up.sees(
      /The log of echo-a-1 cannot be written \(.*ENOSPC.*\): until it can, its lines are only here\.\n/,
    );
    unlinkSync(place('logs/echo-a-1.log'));
    await expect
      .poll(async () => (await folder.run('logs', 'echo-a')).out, { timeout: waitMs })
      .toMatch(/^echo-a-1 \| \.\.\. \d+ lines are missing here: this file could not be written\.\n/m);
  });
});

it('shows what a service says without what could change a terminal', { timeout: waitMs }, async () => {
  folder = new TestFolder(configText("'echo-a': { main, port: 0, env: { MODE: 'garish' } }"));
  folder.start(['up']);
  await expect.poll(async () => (await folder.run('ps')).out, { timeout: waitMs }).toContain('no disk');
  const { out } = await folder.run('ps');
  const { err } = await folder.run('restart', 'echo-a');
  for (const text of [out, err]) {
    expect(text).toContain('Error: no disk');
    expect(text).not.toContain('\x1b');
  }
});
