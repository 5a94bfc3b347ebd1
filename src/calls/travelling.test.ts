import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createClient } from '@connectrpc/connect';
import * as undici from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { Calls } from './caller.ts';
import { CallContext, runInContext } from './context.ts';
import { Parrot } from './testing/gen/parrot_pb.js';
import { Stage } from './testing/stage.ts';

const stage = new Stage();

afterEach(() => stage.clear());

type Heard = Readonly<Record<string, unknown>>;

/** An upstream over HTTP/1.1 or HTTP/2, and what its first request said. */
async function listening(version: 1 | 2): Promise<{ port: number; heard: Promise<Heard> }> {
  const heard = Promise.withResolvers<Heard>();
  if (version === 1) {
    const port = await stage.http((request, response) => {
      heard.resolve(request.headers);
      response.end('ok');
    });
    return { port, heard: heard.promise };
  }
  const server = http2.createServer();
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    heard.resolve(headers);
    stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.later(() => server.close());
  return { port: (server.address() as AddressInfo).port, heard: heard.promise };
}

type Send = (calls: Calls, headers: Record<string, string>) => Promise<unknown>;

const ways: [string, 1 | 2, Send][] = [
  ['request', 1, (calls, headers) => calls.request('a', { path: '/', headers, timeoutMs: 15_000 })],
  ['fetch', 1, (calls, headers) => calls.fetch('http://a/', { headers, holdfast: { timeoutMs: 15_000 } })],
  [
    'dispatcher',
    1,
    async (calls, headers) => {
      const dispatcher = calls.dispatcher('a', { timeoutMs: 15_000 });
      const { body } = await undici.request('http://a/', { dispatcher, headers });
      return body.text();
    },
  ],
  [
    'transport, unary',
    2,
    (calls, headers) =>
      createClient(Parrot, calls.transport('a')).say({ text: 'x' }, { headers, timeoutMs: 15_000 }),
  ],
];

describe.each(ways)('%s', (_, version, send) => {
  const hear = async (headers: Record<string, string>, context?: CallContext): Promise<Heard> => {
    const { port, heard } = await listening(version);
    const call = (): Promise<unknown> => send(stage.calls([port]), headers);
    // The upstream over HTTP/2 refuses: what it heard is all that counts.
    (context === undefined ? call() : runInContext(context, call)).catch(() => {});
    return heard;
  };

  it("sends the caller's headers, but never its word on the deadline and the attempt", async () => {
    const heard = await hear({
      'x-own': 'mine',
      'x-holdfast-timeout-ms': '3600000',
      'X-Holdfast-Attempt': '7',
      ...(version === 2 ? { 'grpc-timeout': '1H', 'grpc-previous-rpc-attempts': '6' } : {}),
    });
    expect(heard['x-own']).toBe('mine');
    expect(heard['x-holdfast-attempt']).toBeUndefined();
    expect(heard['grpc-previous-rpc-attempts']).toBeUndefined();
    if (version === 1) {
      expect(Number(heard['x-holdfast-timeout-ms'])).toBeLessThanOrEqual(15_000);
      return;
    }
    expect(heard['x-holdfast-timeout-ms']).toBeUndefined();
    expect(heard['grpc-timeout']).toMatch(/^\d+m$/);
    expect(Number.parseInt(String(heard['grpc-timeout']), 10)).toBeLessThanOrEqual(15_000);
  });

  it('says which attempt it is within a retry, whatever the caller says', async () => {
    const context = new CallContext({ attempt: 3, random: stage.host.random });
    const heard = await hear({ 'x-holdfast-attempt': '1', 'grpc-previous-rpc-attempts': '0' }, context);
    if (version === 1) expect(heard['x-holdfast-attempt']).toBe('3');
    else expect(heard['grpc-previous-rpc-attempts']).toBe('2');
  });

  it("takes the caller's own trace instead of the one being handled", async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect((await hear({ traceparent })).traceparent).toBe(traceparent);
  });

  it('sends a header whose name is the value of another', async () => {
    const heard = await hear({ 'x-first': 'x-second', 'x-second': 'x-first' });
    expect([heard['x-first'], heard['x-second']]).toEqual(['x-second', 'x-first']);
  });
});
