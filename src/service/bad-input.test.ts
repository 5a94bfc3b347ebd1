import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from './errors.ts';
import { limits } from './limits.ts';
import type { RawAnswer, RawConnection } from './testing/raw-connection.ts';
import { type ServiceUnderTest, startUnderTest } from './testing/service-under-test.ts';

let subject: ServiceUnderTest;
let connection: RawConnection;

/** Quick, so that a test of them is. */
const quick = { headersTimeoutMs: 200, requestTimeoutMs: 300, timeoutCheckMs: 50, lingerMs: 500 };

beforeEach(async () => {
  subject = await startUnderTest(
    {
      http(app) {
        app.get('/echo', (request) => ({ query: request.query, body: request.body }));
        app.post('/echo', (request) => ({ body: request.body }));
        app.get('/keys/:key', (request) => request.params);
        for (const path of ['/', '/where']) {
          app.get(path, ({ raw, host }) => ({ url: raw.url, host }));
        }
      },
    },
    { limits: quick },
  );
  connection = await subject.connect();
});

/** Whatever the test did: the process is unharmed and the next request is fine. */
afterEach(async () => {
  const next = await subject.connect();
  const answer = await next.send('GET', '/echo?msg=fine').answer();
  expect(answer).toMatchObject({ status: 200, body: '{"query":{"msg":"fine"}}' });
  expect(subject.logged.join('')).not.toMatch(/ERROR|FATAL/);
  await subject.stop();
});

function expectError(answer: RawAnswer, status: number, code: string, message: RegExp): void {
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  const body = JSON.parse(answer.body);
  expect({ status: answer.status, body }).toEqual({
    status,
    body: { error: { code, message: expect.stringMatching(message) } },
  });
}

describe('headers', () => {
  it('too many: 431', async () => {
    // With Host it is one more than allowed.
    const fields = Array.from({ length: limits.headersMax }, (_, index) => `X-${index}: 1`);
    expect((await connection.send('GET', '/echo', fields.slice(1)).answer()).status).toBe(200);
    expectError(await connection.send('GET', '/echo', fields).answer(), 431, 'out_of_range', /200 fields/);
  });

  it('too large: 431, and the rest of the flood is not kept', async () => {
    connection.write('GET /echo HTTP/1.1\r\nHost: test\r\n');
    const line = `X-Flood: ${'x'.repeat(8_000)}\r\n`;
    for (let sent = 0; sent < 2_000_000; sent += line.length) connection.write(line);
    expectError(await connection.answer(), 431, 'out_of_range', /header is too large/);
    await connection.ended();
  });

  it('one that is too large: 431', async () => {
    connection.send('GET', '/echo', [`X-Flood: ${'x'.repeat(200_000)}`]);
    expectError(await connection.answer(), 431, 'out_of_range', /header is too large/);
  });

  it('too slow: 408, closed in time', async () => {
    const startedAtMs = performance.now();
    connection.write('GET /echo HTTP/1.1\r\nHost: te');
    expectError(await connection.answer(), 408, 'deadline_exceeded', /in time/);
    await connection.ended();
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });

  it('too slow although bytes keep dribbling in: 408', async () => {
    connection.write('GET /echo HTTP/1.1\r\n');
    const timer = setInterval(() => connection.write('X: 1\r\n'), 20);
    try {
      expectError(await connection.answer(), 408, 'deadline_exceeded', /in time/);
    } finally {
      clearInterval(timer);
    }
  });

  it('without Host: 400', async () => {
    connection.write('GET /echo HTTP/1.1\r\n\r\n');
    expectError(await connection.answer(), 400, 'invalid_argument', /Host/);
  });

  it('without Host in HTTP/1.0: fine', async () => {
    connection.write('GET /echo HTTP/1.0\r\n\r\n');
    expect((await connection.answer()).status).toBe(200);
  });

  it.each([
    ['a space before the colon', 'X : 1'],
    ['a control character', 'X: \u0001'],
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2'],
    ['length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked'],
    ['no length at all', 'Content-Length: many'],
  ])('with %s: 400', async (_, field) => {
    connection.send('POST', '/echo', [field]);
    expectError(await connection.answer(), 400, 'invalid_argument', /not valid HTTP/);
    await connection.ended();
  });
});

describe('a request line', () => {
  it('of 100 KB: 414', async () => {
    connection.send('GET', `/echo?msg=${'x'.repeat(100 * 1024)}`);
    expectError(await connection.answer(), 414, 'out_of_range', /address is too long/);
    await connection.ended();
  });

  it('of 100 KB on a connection that was used before: 414', async () => {
    expect((await connection.send('GET', '/echo').answer()).status).toBe(200);
    connection.send('GET', `/echo?msg=${'x'.repeat(100 * 1024)}`);
    expectError(await connection.answer(), 414, 'out_of_range', /address is too long/);
  });

  it('with a key of thousands of characters: reaches the handler', async () => {
    const key = '\u{1f600}'.repeat(5_000);
    const answer = await connection.send('GET', `/keys/${encodeURIComponent(key)}`).answer();
    expect(JSON.parse(answer.body)).toEqual({ key });
  });

  it.each(['/echo?msg=%', '/echo?msg=%zz', '/echo?msg=%ff', '/keys/%', '/keys/%c3%28', '/%'])(
    'with invalid percent-encoding, %s: 400',
    async (target) => {
      expectError(
        await connection.send('GET', target).answer(),
        400,
        'invalid_argument',
        /percent-encoding/,
      );
      expect((await connection.send('GET', '/echo').answer()).status).toBe(200);
    },
  );

  it.each(['GET /echo HTTP/9.9', 'GRAB /echo HTTP/1.1', '/echo', '{}', '\u0000\u0001\u0002\u0003'])(
    'that is %j: 400',
    async (line) => {
      connection.write(`${line}\r\n\r\n`);
      expectError(await connection.answer(), 400, 'invalid_argument', /not valid HTTP/);
      await connection.ended();
    },
  );

  it.each(['/keys/grüß', '/echo?msg=grüß', '/echo?msg=\u0001', '/echo#\u007f', 'echo'])(
    'with bytes that must be encoded, %j: 400',
    async (target) => {
      connection.write(`GET ${target} HTTP/1.1\r\nHost: test\r\n\r\n`);
      expectError(await connection.answer(), 400, 'invalid_argument', /percent-encode/);
    },
  );

  it.each([
    ['http://named:81/where?x=1', '/where?x=1', 'named:81'],
    ['HTTPS://[::1]/where', '/where', '[::1]'],
    ['http://named?x=1', '/?x=1', 'named'],
  ])('in absolute form, %s: its host is the one asked for', async (target, url, host) => {
    const { body } = await connection.send('GET', target).answer();
    expect(JSON.parse(body)).toEqual({ url, host });
  });

  it('in absolute form: found, and not found, as any other', async () => {
    expect((await connection.send('GET', 'http://test/echo').answer()).status).toBe(200);
    expectError(await connection.send('GET', 'http://t/no').answer(), 404, 'not_found', /GET \/no\.$/);
    expect((await connection.send('PUT', 'http://t/echo').answer()).headers.allow).toBe('GET, HEAD, POST');
  });

  it.each(['ftp://test/echo', 'http://user@test/echo'])('of another form, %s: 400', async (target) => {
    expectError(await connection.send('GET', target).answer(), 400, 'invalid_argument', /begins with \//);
  });

  it('of CONNECT: 405', async () => {
    connection.send('CONNECT', 'example.org:443');
    expectError(await connection.answer(), 405, 'unimplemented', /no proxy/);
  });
});

describe('first bytes', () => {
  it('that are a malformed HTTP/2 preface: 400', async () => {
    connection.write('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n');
    expectError(await connection.answer(), 400, 'invalid_argument', /preface is malformed/);
    await connection.ended();
  });

  it('that are an HTTP/2 preface, where there is no gRPC: 505', async () => {
    connection.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expectError(await connection.answer(), 505, 'unimplemented', /HTTP\/1.1 only/);
  });

  it('that are half a preface and no more: 408', async () => {
    connection.write('PRI * HT');
    expectError(await connection.answer(), 408, 'deadline_exceeded', /in time/);
    await connection.ended();
  });

  it('that are TLS: 400, and told so', async () => {
    connection.write(Uint8Array.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00, 0xa1, 0x03, 0x03]));
    expectError(await connection.answer(), 400, 'invalid_argument', /not TLS/);
  });

  it('that never come: closed in time, without an answer', async () => {
    await connection.ended();
    expect(connection.unread).toBe('');
  });

  it('one at a time: read as HTTP/1.1 all the same', async () => {
    for (const character of 'PUT /echo HTTP/1.1\r\nHost: test\r\n\r\n') {
      connection.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await connection.answer()).status).toBe(405);
  });

  it('and nothing more, then a reset: unharmed', async () => {
    connection.write('GE');
    connection.socket.resetAndDestroy();
    await once(connection.socket, 'close');
  });
});

describe('a body', () => {
  it.each([
    ['cut off', '{"a":', /Unexpected end/],
    ['not JSON', 'hello', /no JSON/],
    ['poisoned', '{"__proto__":{"admin":true}}', /__proto__/],
    ['poisoned by its constructor', '{"constructor":{"prototype":{"admin":true}}}', /constructor/],
  ])('that is %s: 400, and the connection lives on', async (_, body, message) => {
    expectError(
      await connection.send('POST', '/echo', [], body).answer(),
      400,
      'invalid_argument',
      message,
    );
    expect((await connection.send('POST', '/echo', [], '[1]').answer()).body).toBe('{"body":[1]}');
  });

  it('that is not UTF-8: 400', async () => {
    connection.write('POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n');
    connection.write(Uint8Array.from([0x22, 0xc3, 0x28, 0x22]));
    expectError(await connection.answer(), 400, 'invalid_argument', /UTF-8/);
  });

  it('over the limit by its length: 413, although all of it is sent', async () => {
    connection.send('POST', '/echo', [], 'x'.repeat(3 * limits.bodyBytesMax));
    expectError(await connection.answer(), 413, 'out_of_range', /1048576 bytes/);
    await connection.ended();
  });

  it('over the limit in chunks: 413', async () => {
    connection.send('POST', '/echo', ['Transfer-Encoding: chunked']);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 2 * limits.bodyBytesMax; sent += 0x10000) connection.write(chunk);
    expectError(await connection.answer(), 413, 'out_of_range', /too large/);
    await connection.ended();
  });

  it('of which half comes and no more: 408 in time', async () => {
    connection.write('POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{"half":');
    expectError(await connection.answer(), 408, 'deadline_exceeded', /in time/);
    await connection.ended();
  });

  it('of which half comes before the connection breaks: unharmed', async () => {
    connection.write('POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{"half":');
    connection.socket.resetAndDestroy();
    await once(connection.socket, 'close');
  });

  it('with bad chunks: 400', async () => {
    connection.send('POST', '/echo', ['Transfer-Encoding: chunked']).write('zz\r\n');
    expectError(await connection.answer(), 400, 'invalid_argument', /not valid HTTP/);
  });

  it.each(['GET', 'DELETE', 'PUT'])('for an unknown route, %s: 404, unread', async (method) => {
    expectError(await connection.send(method, '/nope', [], '{bad').answer(), 404, 'not_found', /\/nope/);
    expect((await connection.send('GET', '/echo').answer()).status).toBe(200);
  });
});

describe('routes', () => {
  it('unknown: 404', async () => {
    expectError(await connection.send('GET', '/nope?x=1').answer(), 404, 'not_found', /GET \/nope\.$/);
  });

  it.each([
    ['DELETE', '/echo', 'GET, HEAD, POST'],
    ['PROPFIND', '/echo', 'GET, HEAD, POST'],
    ['PUT', '/keys/a%20b?c', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
  ])('with a wrong method, %s %s: 405 with Allow', async (method, target, allow) => {
    const answer = await connection.send(method, target).answer();
    expectError(
      answer,
      405,
      'unimplemented',
      new RegExp(`^${method} is not possible here, only ${allow}\\.$`),
    );
    expect(answer.headers.allow).toBe(allow);
  });
});

describe('requests in a row', () => {
  it('pipelined: answered in their order', async () => {
    for (let n = 0; n < 50; n++) connection.send('GET', `/echo?n=${n}`);
    for (let n = 0; n < 50; n++) {
      expect((await connection.answer()).body).toBe(`{"query":{"n":"${n}"}}`);
    }
  });

  it('with garbage behind a good one: the good one gets its own answer', async () => {
    connection.send('GET', '/echo?n=1').write('garbage\r\n\r\n');
    expect((await connection.answer()).body).toBe('{"query":{"n":"1"}}');
    await connection.ended();
  });
});

describe('errorBody', () => {
  it("gives the service's own form to every error", async () => {
    const own = await startUnderTest({
      errorBody: ({ status, message }) => ({ detail: message, status }),
      http(app) {
        app.get('/known', () => ({}));
      },
    });
    const to = await own.connect();
    const bodies: unknown[] = [];
    for (const [method, target] of [
      ['GET', '/nope'],
      ['PUT', '/known'],
      ['GET', '/%'],
    ] as const) {
      bodies.push(JSON.parse((await to.send(method, target).answer()).body));
    }
    to.write('garbage\r\n\r\n');
    bodies.push(JSON.parse((await to.answer()).body));
    expect(bodies).toEqual([404, 405, 400, 400].map((status) => ({ detail: expect.any(String), status })));
    await own.stop();
  });

  it('has a code for every status of ours', () => {
    expect(refusal(418, 'x').code).toBe('invalid_argument');
    expect(refusal(599, 'x').code).toBe('internal');
  });
});
