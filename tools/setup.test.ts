import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSmallProject, type SmallProject } from './setup/small-project.ts';

const stamp = 'node_modules/.holdfast-setup';
let project: SmallProject;

beforeEach(async () => {
  project = await createSmallProject();
});

afterEach(async () => {
  await project.close();
});

/** Nothing in the work folder but an empty `.cache`: no lock, no half an install. */
function leftovers(): string[] {
  return fs.readdirSync(path.join(project.root, '.cache'));
}

describe('a fresh clone', () => {
  it('is installed once, with a word before and after, and then left alone', async () => {
    const first = await project.run().ended;
    expect(first.said).toMatch(/^Installing .* \(first time only\).*\nInstalled in .* s: 2 packages\.\n$/);
    expect(first.status).toBe(0);
    expect(project.exists(stamp)).toBe(true);
    expect(project.exists('node_modules/.bin/node')).toBe(true);
    expect(leftovers()).toEqual([]);
    expect(await project.run({ online: false }).ended).toEqual({ status: 0, said: '' });
  });

  it('says in one line that it is offline, leaves nothing, and succeeds when run again online', async () => {
    const offline = await project.run({ online: false }).ended;
    expect(offline.status).toBe(1);
    expect(offline.said.trim().split('\n').slice(1)).toEqual([
      'The packages cannot be downloaded: http://127.0.0.1:1 is not reachable (ECONNREFUSED). ' +
        "Check the network or npm's proxy settings, then run the same command again. Nothing was changed.",
    ]);
    expect(project.exists('node_modules')).toBe(false);
    expect(leftovers()).toEqual([]);
    expect((await project.run().ended).status).toBe(0);
  });

  it('is not taken for installed when npm passed over the pinned Node', async () => {
    project.registry.set('no node-pinned');
    const failed = await project.run().ended;
    expect(failed.status).toBe(1);
    expect(failed.said).toContain('The pinned Node could not be downloaded');
    expect(project.exists('node_modules')).toBe(false);
  });
});

describe('a registry that refuses', () => {
  it('is named with its answer, below it what npm said', async () => {
    project.registry.set('no plain');
    const refused = await project.run().ended;
    expect(refused.status).toBe(1);
    expect(refused.said).toContain('The package registry refused a download (HTTP 500).');
    expect(refused.said).toContain('npm error');
    expect(project.exists('node_modules')).toBe(false);
  });
});

describe('an installed project', () => {
  beforeEach(async () => {
    expect((await project.run().ended).status).toBe(0);
  });

  it('is installed anew when the lock file asks for something else', async () => {
    fs.writeFileSync(path.join(project.root, 'node_modules', 'strange'), '');
    fs.rmSync(path.join(project.root, stamp));
    fs.rmSync(path.join(project.root, 'node_modules', '.bin', 'node'));
    const again = await project.run().ended;
    expect(again.said).toContain('(package-lock.json has changed)');
    expect(again.status).toBe(0);
    expect(project.exists('node_modules/strange')).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('keeps what it has when the new set cannot be downloaded', async () => {
    project.lock((packages) => {
      packages['node_modules/unknown'] = { version: '1.0.0' };
      Object.assign(packages[''] ?? {}, { dependencies: { unknown: '1.0.0' } });
    });
    const manifest = path.join(project.root, 'package.json');
    const description = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    fs.writeFileSync(manifest, JSON.stringify({ ...description, dependencies: { unknown: '1.0.0' } }));
    expect((await project.run({ online: false }).ended).status).toBe(1);
    expect(project.exists('node_modules/.bin/node')).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  it('is accepted as it is when it was installed by hand', async () => {
    fs.rmSync(path.join(project.root, stamp));
    expect(await project.run({ online: false }).ended).toEqual({ status: 0, said: '' });
    expect(project.exists(stamp)).toBe(true);
  });

  it('asks for the lock file to be repaired after a merge conflict', async () => {
    fs.appendFileSync(path.join(project.root, 'package-lock.json'), '<<<<<<<');
    const conflict = await project.run().ended;
    expect(conflict.said).toMatch(/^package-lock.json cannot be read \(a merge conflict\?\): .*\n$/);
    expect(conflict.status).toBe(1);
  });
});

describe('several set-ups', () => {
  it('at the same time install once: the second waits for the first', async () => {
    project.registry.set('hold');
    const first = project.run();
    await first.says('Installing');
    const second = project.run();
    await second.says(`Another set-up (process ${first.pid}) is at work`);
    project.registry.set('answer');
    expect((await first.ended).status).toBe(0);
    const waited = await second.ended;
    expect(waited.status).toBe(0);
    expect(waited.said).not.toContain('Installing');
    expect(project.registry.downloads.sort()).toEqual(['node-pinned', 'plain']);
  });

  it('are not held up by one that was killed', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const cache = path.join(project.root, '.cache');
    fs.mkdirSync(path.join(cache, `setup-${gone}`, 'node_modules'), { recursive: true });
    fs.writeFileSync(path.join(cache, 'setup.lock'), String(gone));
    const runs = await Promise.all([project.run().ended, project.run().ended, project.run().ended]);
    expect(runs.map((run) => run.status)).toEqual([0, 0, 0]);
    expect(runs.filter((run) => run.said.includes('Installed'))).toHaveLength(1);
    expect(leftovers()).toEqual([]);
  });

  it('leave nothing behind when interrupted', async () => {
    project.registry.set('hold');
    const run = project.run();
    await expect.poll(() => project.registry.downloads.length).toBe(2);
    process.kill(run.pid, 'SIGINT');
    const ended = await run.ended;
    expect(ended.status).toBe(130);
    expect(ended.said).toContain('The set-up was interrupted; nothing was changed.');
    expect(project.exists('node_modules')).toBe(false);
    expect(leftovers()).toEqual([]);
  });
});

describe('a machine that cannot run it', () => {
  it('is told which ones can', async () => {
    project.lock((packages) => {
      Object.assign(packages['node_modules/node-pinned'] ?? {}, { os: ['plan9'], cpu: ['mips'] });
    });
    const refused = await project.run().ended;
    expect(refused.said).toBe(
      `There is no pinned Node for ${process.platform} ${process.arch}: use one of plan9 mips.\n`,
    );
    expect(refused.status).toBe(1);
  });
});
