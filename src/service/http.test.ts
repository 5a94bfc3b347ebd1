import { afterEach, describe, expect, it } from 'vitest';
import { type CallContext, currentContext } from '../calls/index.ts';
import { type AssertionFailure, assert, HoldfastError } from '../std/index.ts';
import type { ServiceDefinition } from './define.ts';
import type { StartOptions } from './start.ts';
import { type ServiceUnderTest, startUnderTest } from './testing/service-under-test.ts';

let subject: ServiceUnderTest | undefined;

async function start(http?: ServiceDefinition['http'], options: Partial<StartOptions> = {}) {
  subject = await startUnderTest(http === undefined ? {} : { http }, options);
  return subject;
}

afterEach(async () => {
  await subject?.stop();
});

async function ask(path: string, init: RequestInit = {}) {
  const answer = await fetch(subject?.url(path) ?? '', init);
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

describe('bodies', () => {
  const body: ServiceDefinition['http'] = (app) => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      app.route({
        method,
        url: '/body',
        handler: ({ body }) => ({ body: body === undefined ? 'none' : body }),
      });
    }
  };

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'of %s are read as JSON, whatever the Content-Type',
    async (method) => {
      await start(body);
      const connection = await (subject as ServiceUnderTest).connect();
      const types = [
        [],
        ['text/plain'],
        ['application/json; charset=utf-8'],
        ['multipart/form-data'],
        ['x'],
        [''],
      ];
      for (const type of types) {
        const fields = type.map((value) => `Content-Type: ${value}`);
        const answer = await connection.send(method, '/body', fields, '{"a":["ü"]}').answer();
        expect(answer).toMatchObject({ status: 200, body: '{"body":{"a":["ü"]}}' });
        const empty = await connection.send(method, '/body', fields).answer();
        expect(empty).toMatchObject({ status: 200, body: '{"body":"none"}' });
      }
      const chunked = connection.send(method, '/body', ['Transfer-Encoding: chunked']);
      expect((await chunked.write('2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n').answer()).body).toBe('{"body":[1]}');
      const nothing = connection.send(method, '/body', ['Transfer-Encoding: chunked']);
      expect((await nothing.write('0\r\n\r\n').answer()).body).toBe('{"body":"none"}');
    },
  );

  it('of HEAD are neither asked for nor sent', async () => {
    await start(body);
    const connection = await (subject as ServiceUnderTest).connect();
    for (let n = 0; n < 2; n++) {
      const answer = await connection.send('HEAD', '/body').answer({ hasBody: false });
      expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '15' }, body: '' });
    }
  });
});

describe('errors of handlers', () => {
  it('of ours are answered with their code, status and text', async () => {
    await start((app) => {
      app.get('/gone', () => {
        throw new HoldfastError('not_found', 'There is no order 7.');
      });
      app.get('/busy', async () => {
        throw new HoldfastError('unavailable', 'Come back.', { retryAfterMs: 1_500 });
      });
    });
    expect(await ask('/gone')).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', message: 'There is no order 7.' } },
    });
    const busy = await ask('/busy');
    expect(busy.status).toBe(503);
    expect(busy.headers.get('retry-after')).toBe('2');
  });

  it('of others are logged with their cause and not told', async () => {
    const { logged } = await start((app) => {
      app.post('/items/:id', async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        throw new Error('query failed', { cause: new Error('no such table: items') });
      });
    });
    expect(await ask('/items/1', { method: 'POST', body: '{}' })).toMatchObject({
      status: 500,
      body: { error: { code: 'internal', message: 'The service failed to answer.' } },
    });
    expect(logged.at(-1)).toMatch(
      /ERROR service=S endpoint=\/items\/:id status=error error="query failed: no such table: items"\n$/,
    );
  });

  it('that prove the program wrong are answered 500, logged FATAL and end it', async () => {
    const bug = Promise.withResolvers<AssertionFailure>();
    const { logged } = await start(
      (app) => {
        app.get('/bug', () => {
          assert(1 + 1 === 3, 'sums are right');
        });
      },
      { onBug: bug.resolve },
    );
    const answer = await ask('/bug');
    expect(answer.status).toBe(500);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await bug.promise).toMatchObject({ message: 'Broken invariant: sums are right' });
    expect(logged.at(-1)).toMatch(
      /FATAL service=S error="Broken invariant: sums are right" stack="Assertion/,
    );
  });
});

describe('the context of a request', () => {
  it('comes from its headers and reaches everything it starts', async () => {
    const seen: (CallContext | undefined)[] = [];
    const { service } = await start((app, { host }) => {
      app.put('/context', async () => {
        seen.push(currentContext());
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(currentContext());
        return { remainingMs: (currentContext()?.deadlineMs ?? 0) - host.clock.nowMs() };
      });
    });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-holdfast-timeout-ms': '700' };
    const { body } = await ask('/context', { method: 'PUT', headers, body: '{}' });
    expect(seen[0]?.trace.traceId).toBe(traceId);
    expect(seen[1]).toBe(seen[0]);
    expect(body.remainingMs).toBeGreaterThan(0);
    expect(body.remainingMs).toBeLessThanOrEqual(700);
    expect(service.state).toBe('ready');
    await ask('/context', { method: 'PUT' });
    expect(seen[2]?.deadlineMs).toBeUndefined();
    expect(seen[2]?.trace.traceId).not.toBe(traceId);
  });
});

describe('internal endpoints', () => {
  const internal: ServiceDefinition['http'] = (app, { requireKey }) => {
    app.put('/internal', { onRequest: requireKey }, ({ body }) => ({ took: body }));
  };

  it('want the cluster key', async () => {
    await start(internal, { env: { HOLDFAST_REGISTRY: 'none', CLUSTER_KEY: 'k3y' } });
    for (const key of [undefined, '', 'k3', 'k3y2', 'K3Y']) {
      const headers: Record<string, string> = key === undefined ? {} : { 'x-holdfast-key': key };
      for (const path of ['/internal', '/_holdfast/faults']) {
        const method = path === '/internal' ? 'PUT' : 'DELETE';
        const { status, body } = await ask(path, { method, headers, body: '{bad' });
        expect({ status, code: body.error.code }).toEqual({ status: 401, code: 'unauthenticated' });
      }
    }
    const headers = { 'x-holdfast-key': 'k3y' };
    expect(await ask('/internal', { method: 'PUT', headers, body: '1' })).toMatchObject({
      body: { took: 1 },
    });
    expect((await ask('/_holdfast/faults', { headers })).status).toBe(200);
    expect(subject?.logged.join('')).not.toContain('WARN');
  });

  it('are open without one, and the log says so', async () => {
    await start(internal);
    expect((await ask('/internal', { method: 'PUT' })).status).toBe(200);
    expect(subject?.logged.join('')).toMatch(
      /WARN service=S error="CLUSTER_KEY is not set: everybody on this/,
    );
  });

  it('open to other machines are said to be so louder', async () => {
    await start(internal, { env: { HOLDFAST_REGISTRY: 'none', HOST: '0.0.0.0' } });
    expect(subject?.logged.join('')).toMatch(
      /WARN service=S error="CLUSTER_KEY is not set and 0\.0\.0\.0 .*EVERYBODY/,
    );
  });
});

describe('faults', () => {
  const faults = '/_holdfast/faults';

  it('are injected, listed and healed', async () => {
    await start(undefined);
    const fault = { kind: 'call', service: 'echo-a', delayMs: 300 };
    const first = await ask(faults, { method: 'POST', body: JSON.stringify(fault) });
    expect(first).toMatchObject({ status: 201, body: { id: 1 } });
    await ask(faults, { method: 'POST', body: '{"kind":"clock","offsetMs":-5}' });
    expect((await ask(faults)).body.faults).toEqual([
      { id: 1, fault },
      { id: 2, fault: { kind: 'clock', offsetMs: -5 } },
    ]);
    expect((await ask(`${faults}?id=1`, { method: 'DELETE' })).status).toBe(200);
    expect((await ask(`${faults}?id=1`, { method: 'DELETE' })).status).toBe(404);
    expect((await ask(`${faults}?id=x`, { method: 'DELETE' })).status).toBe(400);
    expect((await ask(faults, { method: 'DELETE' })).status).toBe(200);
    expect((await ask(faults)).body.faults).toEqual([]);
  });

  it.each([
    undefined,
    '[]',
    '{"kind":"fire"}',
    '{"kind":"call"}',
    '{"kind":"disk","delayMs":-1}',
    '{"kind":"pause","for":3}',
  ])('that are none are refused: %s', async (body) => {
    await start(undefined);
    const answer = await ask(faults, { method: 'POST', ...(body === undefined ? {} : { body }) });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_argument' } } });
  });

  it('are refused in production', async () => {
    await start(undefined, { env: { HOLDFAST_REGISTRY: 'none', HOLDFAST_FAULTS: 'off' } });
    expect(await ask(faults, { method: 'POST', body: '{"kind":"pause"}' })).toMatchObject({
      status: 400,
      body: { error: { code: 'failed_precondition' } },
    });
  });

  it('that pause hold every answer back until they are healed', async () => {
    await start((app) => {
      app.get('/echo', () => ({ echo: 'late' }));
    });
    await ask(faults, { method: 'POST', body: '{"kind":"pause"}' });
    let isAnswered = false;
    const held = ask('/echo').then((answer) => {
      isAnswered = true;
      return answer;
    });
    expect((await ask('/health')).status).toBe(200);
    expect(isAnswered).toBe(false);
    await ask(faults, { method: 'DELETE' });
    expect((await held).body).toEqual({ echo: 'late' });
  });
});

describe('faults that pause', () => {
  const faults = '/_holdfast/faults';
  const pause = () => ask(faults, { method: 'POST', body: '{"kind":"pause"}' });
  const heal = () => ask(faults, { method: 'DELETE' });

  it('drop requests whose callers have left, with their places', async () => {
    const ran: string[] = [];
    const { connect } = await start(
      (app) => {
        app.get('/run/:name', ({ params }) => {
          ran.push((params as { name: string }).name);
          return {};
        });
      },
      { limits: { requestsInFlightMax: 1 } },
    );
    const probe = async () => {
      const answer = ask('/run/probe', { signal: AbortSignal.timeout(100) });
      return answer.then(
        ({ status }) => status,
        () => 'held',
      );
    };
    const connection = await connect();
    await connection.send('GET', '/health').answer();
    await pause();
    connection.send('GET', '/run/gone');
    // Behind it: the probes must not take its place.
    await ask('/health');
    await expect.poll(probe).toBe(503);
    connection.close();
    await expect.poll(probe).toBe('held');
    await heal();
    await expect.poll(async () => (await ask('/run/next')).status).toBe(200);
    expect(ran).not.toContain('gone');
  });

  it('do not stop the clock of a deadline', async () => {
    await start((app, { host }) => {
      app.get('/left', () => ({ leftMs: (currentContext()?.deadlineMs ?? 0) - host.clock.nowMs() }));
    });
    await pause();
    const startedAtMs = performance.now();
    const held = ask('/left', { headers: { 'x-holdfast-timeout-ms': '5000' } });
    await expect.poll(() => performance.now() - startedAtMs).toBeGreaterThan(100);
    await heal();
    // It arrived a little after it was sent: not all of the 100 ms need be gone.
    expect((await held).body.leftMs).toBeLessThan(4_950);
  });
});

describe('bounds', () => {
  it('on how long a service opens what it needs are none: a journal takes as long as it takes', async () => {
    let pluginTimeoutMs: number | undefined;
    await start((app) => {
      pluginTimeoutMs = app.initialConfig.pluginTimeout;
    });
    expect(pluginTimeoutMs).toBe(0);
  });

  it('on requests under way count a handler until it ends, not until its caller leaves', async () => {
    const ends: (() => void)[] = [];
    const { connect } = await start(
      (app) => {
        const end = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
        app.get('/answers', async () => {
          await end();
          return {};
        });
        app.get('/answers-nothing', async () => await end());
        app.get('/calls-back', (_, reply) => void end().then(() => reply.send({})));
        app.get('/throws', async () => {
          await end();
          throw new Error('too late');
        });
        app.get('/quick', () => ({}));
      },
      { limits: { requestsInFlightMax: 1 } },
    );
    for (const path of ['/answers', '/answers-nothing', '/calls-back', '/throws']) {
      const connection = (await connect()).send('GET', path);
      await expect.poll(() => ends.length).toBe(1);
      connection.close();
      await connection.ended();
      for (let n = 0; n < 3; n++) expect([path, (await ask('/quick')).status]).toEqual([path, 503]);
      ends.pop()?.();
      await expect.poll(async () => (await ask('/quick')).status).toBe(200);
    }
    expect(subject?.logged.join('')).not.toContain('ERROR');
  });

  it('on requests under way count a handler that waits for a caller who has left, for a while', async () => {
    const reached = Promise.withResolvers<void>();
    const { connect } = await start(
      (app) => {
        app.get('/never', () => {
          reached.resolve();
          return new Promise(() => {});
        });
        app.get('/quick', () => ({}));
      },
      { limits: { requestsInFlightMax: 1, abandonedKeptMs: 100 } },
    );
    const connection = (await connect()).send('GET', '/never');
    await reached.promise;
    connection.close();
    await expect.poll(async () => (await ask('/quick')).status).toBe(200);
  });

  it('on requests under way leave out what is always answered', async () => {
    const { connect } = await start((app) => void app.get('/quick', () => ({})), {
      limits: { requestsInFlightMax: 1 },
    });
    const connection = await connect();
    connection.write('POST /_holdfast/faults HTTP/1.1\r\nHost: test\r\nContent-Length: 16\r\n\r\n{"kind":');
    await ask('/health');
    expect((await ask('/quick')).status).toBe(200);
    connection.write('"none" }');
    expect((await connection.answer()).status).toBe(400);
  });

  it('on requests under way: one more is told to come back, health is not', async () => {
    const release = Promise.withResolvers<void>();
    const { logged } = await start(
      (app) => {
        app.get('/slow', async () => {
          await release.promise;
          return { done: true };
        });
      },
      { limits: { requestsInFlightMax: 2 } },
    );
    const under = [ask('/slow'), ask('/slow')];
    await expect
      .poll(async () => (await ask('/slow', { signal: AbortSignal.timeout(500) })).status)
      .toBe(503);
    const refused = await ask('/slow');
    expect(refused.body.error.code).toBe('unavailable');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await ask('/health')).status).toBe(200);
    expect((await ask('/ready')).status).toBe(200);
    release.resolve();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask('/slow')).status).toBe(200);
    expect(logged.join('')).not.toContain('ERROR');
  });

  it('on connections: one more is closed', async () => {
    const { connect } = await start(undefined, { limits: { connectionsMax: 2 } });
    const first = await connect();
    const second = await connect();
    await first.send('GET', '/health').answer();
    await second.send('GET', '/health').answer();
    const third = await connect();
    await third.ended();
    expect((await first.send('GET', '/health').answer()).status).toBe(200);
  });
});

describe('health', () => {
  it('is alive and ready', async () => {
    await start(undefined);
    expect(await ask('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await ask('/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });
});
