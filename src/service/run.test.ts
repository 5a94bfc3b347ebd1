import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RawConnection } from './testing/raw-connection.ts';

const service = new URL('./index.ts', import.meta.url).href;
const std = new URL('../std/index.ts', import.meta.url).href;
const host = new URL('../host/node/index.ts', import.meta.url).href;

/** A main.ts whose service has a slow route and every kind of bug. */
const main = `
  import { defineService, runService } from ${JSON.stringify(service)};
  import { assert } from ${JSON.stringify(std)};
  import { nodeHost } from ${JSON.stringify(host)};
  const subject = defineService({
    name: 'subject',
    label: 'S',
    http(app, { log }) {
      app.addHook('onRequest', async (request) => log.info('reached', { path: request.url }));
      app.get('/slow', () => new Promise((resolve) => setTimeout(resolve, 400, { done: true })));
      app.get('/stuck', () => new Promise(() => {}));
      app.get('/assert', () => assert(false, 'never'));
      app.get('/throw', () => { setImmediate(() => { throw new Error('thrown late'); }); return {}; });
      app.get('/reject', () => { Promise.reject(new Error('rejected')); return {}; });
    },
  });
  await runService(subject, { host: nodeHost({ faultsAllowed: false }), port: 0 });
`;

class Running {
  readonly child: ChildProcess;
  readonly messages: unknown[] = [];
  output = '';
  readonly #ended: Promise<unknown>;

  constructor(env: Record<string, string>, options: { readonly hasChannel?: boolean } = {}) {
    const { PATH = '' } = process.env;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', main], {
      env: { PATH, HOLDFAST_REGISTRY: 'none', CLUSTER_KEY: 'k', ...env },
      stdio: options.hasChannel === true ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    });
    this.child.on('message', (message) => this.messages.push(message));
    const streams = [this.child.stdout, this.child.stderr].filter((stream) => stream !== null);
    for (const stream of streams) {
      stream.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.#ended = Promise.all(streams.map((stream) => once(stream, 'end')));
  }

  async port(): Promise<number> {
    await expect.poll(() => this.output, { timeout: 10_000 }).toMatch(/listening port=\d+/);
    return Number(/listening port=(\d+)/.exec(this.output)?.[1]);
  }

  /** A connection on which this was asked and has reached its handler. */
  async ask(path: string): Promise<RawConnection> {
    const connection = (await RawConnection.open(await this.port())).send('GET', path);
    await expect.poll(() => this.output).toMatch(`reached path=${path}`);
    return connection;
  }

  /** The exit code; a signal's name when one ended it. */
  async exited(): Promise<number | string> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    // Not the event `close`: it does not come once the channel was disconnected from here.
    await this.#ended;
    return child.exitCode ?? (child.signalCode as string);
  }
}

const all: Running[] = [];

function run(...args: ConstructorParameters<typeof Running>): Running {
  const running = new Running(...args);
  all.push(running);
  return running;
}

afterEach(() => {
  for (const { child } of all.splice(0)) child.kill('SIGKILL');
});

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s: finishes what is under way, exits 0',
    async (signal) => {
      const subject = run({});
      const connection = await RawConnection.open(await subject.port());
      connection.send('GET', '/slow');
      const ready = await RawConnection.open(await subject.port());
      await ready.send('GET', '/ready').answer();
      subject.child.kill(signal);
      expect(await connection.answer()).toMatchObject({ status: 200, body: '{"done":true}' });
      expect(await subject.exited()).toBe(0);
      expect(subject.output).toMatch(/draining under_way=1\n.*stopped\n$/);
    },
  );

  it('a second one: exits 1 at once', async () => {
    const subject = run({});
    await subject.ask('/stuck');
    subject.child.kill('SIGTERM');
    await expect.poll(() => subject.output).toMatch(/draining/);
    const startedAtMs = performance.now();
    subject.child.kill('SIGINT');
    expect(await subject.exited()).toBe(1);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });
});

describe('bugs', () => {
  it.each([
    ['/assert', /FATAL service=S error="Broken invariant: never" stack="AssertionFailure: /, 500],
    ['/throw', /FATAL service=S error="thrown late" stack="Error: thrown late\\n/, 200],
    ['/reject', /FATAL service=S error="rejected" stack="Error: rejected\\n/, 200],
  ])('%s: a FATAL line with the stack, exit 1', async (path, line, status) => {
    const subject = run({});
    const connection = await RawConnection.open(await subject.port());
    connection.send('GET', path);
    if (path === '/assert') expect((await connection.answer()).status).toBe(status);
    expect(await subject.exited()).toBe(1);
    expect(subject.output).toMatch(line);
  });

  it('an assertion ends the process although its answer is never read', async () => {
    const subject = run({});
    const connection = await RawConnection.open(await subject.port());
    connection.socket.pause();
    connection.send('GET', '/assert');
    expect(await subject.exited()).toBe(1);
  });
});

describe('a start that fails', () => {
  it('on a port that is taken: one clear line, exit 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const subject = run({ PORT: String(port) });
    expect(await subject.exited()).toBe(1);
    expect(subject.output).toMatch(
      new RegExp(
        `^\\S+ \\S+ ERROR service=S error="Port ${port} is already in use: another process .*"\\n$`,
      ),
    );
    other.close();
  });

  it('on a wrong environment: says what is wrong, in the form asked for', async () => {
    const subject = run({ PORT: 'many', LOG_FORMAT: 'json' });
    expect(await subject.exited()).toBe(1);
    expect(JSON.parse(subject.output)).toMatchObject({
      level: 'ERROR',
      service: 'S',
      error: 'PORT must be a whole number from 0 to 65535, not "many".',
    });
  });

  it('is told even where the log is silent', async () => {
    const subject = run({ HOST: '192.0.2.1', LOG_LEVEL: 'silent' });
    expect(await subject.exited()).toBe(1);
    expect(subject.output).toMatch(/^192\.0\.2\.1 is no address of this machine/);
  });

  it('on an address that is not here: says so', async () => {
    const subject = run({ HOST: '192.0.2.1' });
    expect(await subject.exited()).toBe(1);
    expect(subject.output).toMatch(/192\.0\.2\.1 is no address of this machine: set HOST/);
  });
});

describe('a parent with a channel', () => {
  it('is told the states, and what the registry knows this life by', async () => {
    const subject = run({}, { hasChannel: true });
    const port = await subject.port();
    subject.child.kill('SIGTERM');
    expect(await subject.exited()).toBe(0);
    expect(subject.messages).toEqual([
      { type: 'state', state: 'starting', port: 0 },
      { type: 'state', state: 'ready', port, incarnation: expect.any(String) },
      { type: 'state', state: 'draining', port, incarnation: expect.any(String) },
    ]);
  });

  it('that is gone: exits within a second, whatever is under way', async () => {
    const subject = run({}, { hasChannel: true });
    await subject.ask('/stuck');
    const startedAtMs = performance.now();
    subject.child.disconnect();
    expect(await subject.exited()).toBe(0);
    // The promise to whoever starts the next `up`: gone within two.
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    expect(subject.output).toMatch(/cut off under_way=1/);
  });

  it('that is gone while it starts: exits', async () => {
    const subject = run({}, { hasChannel: true });
    await expect.poll(() => subject.messages.length, { timeout: 10_000 }).toBeGreaterThan(0);
    subject.child.disconnect();
    expect(await subject.exited()).toBe(0);
  });

  it('sends another signal after Ctrl-C reached both: one drain; the same again: at once', async () => {
    const subject = run({}, { hasChannel: true });
    const connection = await subject.ask('/slow');
    subject.child.kill('SIGINT');
    await expect.poll(() => subject.output).toMatch(/draining/);
    subject.child.kill('SIGTERM');
    expect((await connection.answer()).status).toBe(200);
    expect(await subject.exited()).toBe(0);
    const other = run({}, { hasChannel: true });
    await other.ask('/stuck');
    other.child.kill('SIGINT');
    await expect.poll(() => other.output).toMatch(/draining/);
    other.child.kill('SIGINT');
    expect(await other.exited()).toBe(1);
  });
});
