import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Variables } from '../../../service/index.ts';
import type { RegistryUnderTest } from '../testing/registry-under-test.ts';
import { enrolmentsFileName } from './file-enrolments.ts';
import { listed, ProbedServer, register, startRegistry } from './testing/classic-under-test.ts';
import { onStage } from './testing/on-stage.ts';

/** Two failures, a backoff and a busy machine. */
const patience = { timeout: 15_000, interval: 20 };

/** One registry and what it probes; each test has its own, so that they can all wait at the same time. */
class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-classic-'));
  readonly #servers: ProbedServer[] = [];
  registry!: RegistryUnderTest;

  async start(env: Variables = { AUTH: 'lab' }): Promise<void> {
    this.registry = await startRegistry({ HOLDFAST_DATA: this.folder, ...env });
  }

  async close(): Promise<void> {
    await this.registry.stop();
    await Promise.all(this.#servers.map((server) => server.die()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A server, registered as the service of that name. */
  async registered(service: string): Promise<ProbedServer> {
    const server = await ProbedServer.start();
    this.#servers.push(server);
    expect((await register(this.registry, { host: server.host, type: service })).status).toBe(200);
    return server;
  }

  listed(service: string) {
    return listed(this.registry, service);
  }

  async isListed(service: string): Promise<boolean> {
    return (await this.listed(service)).length > 0;
  }

  until(service: string, expected: boolean): Promise<void> {
    return vi.waitFor(async () => expect(await this.isListed(service), service).toBe(expected), patience);
  }

  async removeListed(service: string) {
    const [{ id, incarnation }] = await this.listed(service);
    return this.registry.ask(
      'DELETE',
      `/v1/services/${service}/instances/${id}?incarnation=${incarnation}`,
    );
  }

  logOf(text: string): string {
    return this.registry.logged.filter((line) => line.includes(text)).join('');
  }
}

const on = onStage(async () => {
  const stage = new Stage();
  await stage.start();
  return stage;
});

describe('probing', { timeout: 60_000, concurrent: true }, () => {
  it(
    'keeps who answers with any 2xx, and takes the others off the list until they do',
    on(async (stage) => {
      const fine = await stage.registered('fine');
      const dead = await stage.registered('dead');
      const failing = await stage.registered('failing');
      const hanging = await stage.registered('hanging');
      const moved = await stage.registered('moved');
      const endless = await stage.registered('endless');
      // So that those to come are no mass failure.
      for (let count = 0; count < 4; count++) await stage.registered('others');
      const fineBefore = await stage.listed('fine');
      fine.answer = (response) => response.writeHead(204).end();
      failing.answer = (response) => response.writeHead(500).end();
      hanging.answer = () => {};
      moved.answer = (response) => response.writeHead(302, { location: `http://${fine.host}/` }).end();
      endless.answer = (response) => response.writeHead(200, { 'content-length': 100 }).write('x');
      await dead.die();
      const bad = ['dead', 'failing', 'hanging', 'moved', 'endless'];
      await Promise.all(bad.map((service) => stage.until(service, false)));
      expect(await stage.listed('fine')).toEqual(fineBefore);
      const why = { dead: 'ECONNREFUSED', failing: 'it answered 500', moved: 'it answered 302' };
      for (const [service, text] of Object.entries(why)) {
        expect(stage.logOf('unlisted')).toMatch(
          new RegExp(`WARN unlisted .*of=${service} .*failures=2 .*${text}`),
        );
      }
      expect(stage.logOf('unlisted')).toMatch(/of=hanging .*it did not answer within 1000 ms/);

      await dead.listen();
      const healthy = dead.answer;
      for (const server of [failing, hanging, moved, endless]) server.answer = healthy;
      await Promise.all(bad.map((service) => stage.until(service, true)));
      expect(stage.logOf('listed again')).toMatch(/INFO listed again .*of=dead .*incarnation=/);
      expect(fine.requests.every(({ url }) => url === '/utilities/status')).toBe(true);
      expect(stage.registry.logged.join('')).not.toMatch(/ERROR|FATAL/);
    }),
  );

  it(
    'reads no more of an answer than it has to',
    on(async (stage) => {
      const talkative = await stage.registered('talkative');
      let ended = 0;
      talkative.answer = (response) => {
        response.on('close', () => {
          ended += 1;
        });
        const more = (): void => {
          if (!response.destroyed) response.write('x'.repeat(8192), () => setImmediate(more));
        };
        response.writeHead(200);
        more();
      };
      await vi.waitFor(() => expect(ended).toBeGreaterThan(1), patience);
      expect(await stage.isListed('talkative')).toBe(true);
    }),
  );

  it(
    'ends with DELETE: it does not come back by itself, not after a restart either',
    on(async (stage) => {
      const server = await stage.registered('chat');
      await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(0), patience);
      const [{ id }] = await stage.listed('chat');
      const other = await stage.registry.ask(
        'DELETE',
        `/v1/services/chat/instances/${id}?incarnation=other`,
      );
      expect(other.body).toMatchObject({ removed: false });
      expect(await stage.isListed('chat')).toBe(true);
      expect((await stage.removeListed('chat')).body).toMatchObject({ removed: true });
      const asked = server.requests.length;
      const witness = await stage.registered('witness');
      // It would have been asked several times by now.
      await vi.waitFor(() => expect(witness.requests.length).toBeGreaterThan(3), patience);
      expect(server.requests.length).toBe(asked);
      expect(await stage.isListed('chat')).toBe(false);
      await stage.registry.stop();
      await stage.start();
      await stage.until('witness', true);
      expect(await stage.isListed('chat')).toBe(false);
      // And it may register again.
      await register(stage.registry, { host: server.host, type: 'chat' });
      expect(await stage.isListed('chat')).toBe(true);
    }),
  );

  it(
    'ends with DELETE also while it is not listed',
    on(async (stage) => {
      const server = await stage.registered('chat');
      const [{ id }] = await stage.listed('chat');
      await server.die();
      await stage.until('chat', false);
      const path = `/v1/services/chat/instances/${id}?incarnation=any`;
      expect((await stage.registry.ask('DELETE', path)).body).toMatchObject({ removed: true });
      expect((await stage.registry.ask('DELETE', path)).body).toMatchObject({ removed: false });
      expect(stage.logOf('probed no more')).toMatch(/of=chat .*why=unregistered/);
    }),
  );

  it(
    'goes on after a restart of the registry, with those that live',
    on(async (stage) => {
      await stage.registered('authen');
      const dead = await stage.registered('chat');
      await dead.die();
      await stage.registry.stop();
      await stage.start({});
      expect(stage.logOf('probing what was registered earlier')).toMatch(/instances=2/);
      await stage.until('authen', true);
      expect(await stage.isListed('chat')).toBe(false);
      await dead.listen();
      await stage.until('chat', true);
    }),
  );

  it(
    'reports a damaged file with its name, sets it aside and goes on',
    on(async (stage) => {
      await stage.registered('authen');
      await stage.registry.stop();
      const file = join(stage.folder, enrolmentsFileName);
      const damaged = readFileSync(file, 'utf8').replace('127.0.0.1', '127.0.0.2');
      writeFileSync(file, damaged);
      await stage.start();
      expect(stage.logOf('ERROR')).toContain(`${file} is damaged`);
      const keptAs = /kept_as="?([^\s"]+)/.exec(stage.logOf('ERROR'))?.[1] ?? '';
      expect(readFileSync(keptAs, 'utf8')).toBe(damaged);
      await stage.registered('chat');
      expect(await stage.isListed('chat')).toBe(true);
      expect(await stage.isListed('authen')).toBe(false);
    }),
  );

  it(
    'leaves an id to the process that announces itself by it',
    on(async (stage) => {
      await stage.registered('authen');
      const [{ id }] = await stage.listed('authen');
      // Of a later start than anything here.
      const incarnation = 'zzzzzzzzz-00000000';
      const body = { incarnation, host: '127.0.0.1', port: 9, state: 'ready' };
      expect((await stage.registry.ask('PUT', `/v1/services/authen/instances/${id}`, body)).status).toBe(
        200,
      );
      await vi.waitFor(
        () => expect(stage.logOf('probed no more')).toMatch(/announces itself by this id/),
        patience,
      );
      expect(await stage.listed('authen')).toMatchObject([{ incarnation, port: 9 }]);
    }),
  );

  it(
    'holds a mass failure: they stay listed, and everybody can see it',
    on(async (stage) => {
      const services = ['a', 'b', 'c', 'd', 'e'];
      const servers = new Map<string, ProbedServer>();
      for (const service of services) servers.set(service, await stage.registered(service));
      const before = await stage.registry.ask('GET', '/v1/services');
      expect(before.body).not.toHaveProperty('probesHeld');
      for (const service of services.slice(1)) await servers.get(service)?.die();
      await vi.waitFor(async () => {
        const { body } = await stage.registry.ask('GET', '/v1/services');
        expect(body.probesHeld).toEqual({ failing: 4, total: 5, remainingMs: expect.any(Number) });
      }, patience);
      expect(stage.logOf('WARN')).toMatch(
        /[34] of 5 probed instances fail together: they stay listed for up to 30 s/,
      );
      for (const service of services.slice(1)) await servers.get(service)?.listen();
      await vi.waitFor(async () => {
        const { body } = await stage.registry.ask('GET', '/v1/services');
        expect(body).not.toHaveProperty('probesHeld');
        expect(body.services).toEqual(before.body.services);
      }, patience);
      expect(stage.logOf('unlisted')).toBe('');
    }),
  );
});
