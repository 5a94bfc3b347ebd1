import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../host/index.ts';
import { isRefused, type RawConnection } from './testing/raw-connection.ts';
import { type ServiceUnderTest, startUnderTest } from './testing/service-under-test.ts';

const magic = new TextEncoder().encode('HOLDTEST');

interface Subject extends ServiceUnderTest {
  /** What the service got, as text, over all connections of its protocol. */
  readonly received: () => string;
  readonly taken: Connection[];
  readonly events: string[];
  /** Lets `/slow` answer. */
  readonly release: () => void;
}

let stop: (() => Promise<void>) | undefined;

afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/** A service that says back, in capitals, what comes over its own protocol. */
async function startSubject(): Promise<Subject> {
  const taken: Connection[] = [];
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  let text = '';
  const subject = await startUnderTest({
    http(app, context) {
      app.get('/', () => ({ http: true }));
      app.get('/slow', () => gate.promise);
      context.acceptConnections(magic, (connection) => {
        taken.push(connection);
        return {
          received: (bytes) => {
            text += Buffer.from(bytes).toString();
            connection.write(Buffer.from(Buffer.from(bytes).toString().toUpperCase()));
          },
          ended: () => connection.end(),
          closed: (failure) => events.push(failure?.kind ?? 'closed'),
        };
      });
      app.addHook('onClose', async () => {
        events.push('closing');
        for (const connection of taken) connection.end();
      });
    },
  });
  stop = subject.stop;
  return { ...subject, taken, events, received: () => text, release: gate.resolve };
}

const said = (connection: RawConnection, text: string) =>
  expect.poll(() => connection.unread).toContain(text);

describe('a connection of the own protocol', () => {
  it('is handed over whole, with the bytes that told it apart', async () => {
    const { connect, received } = await startSubject();
    const connection = (await connect()).write('HOLDTEST and more');
    await said(connection, 'HOLDTEST AND MORE');
    connection.write(', later');
    await said(connection, ', LATER');
    expect(received()).toBe('HOLDTEST and more, later');
  });

  it('is recognized however its first bytes are cut', async () => {
    const { connect } = await startSubject();
    const connection = await connect();
    for (const letter of 'HOLDTEST') {
      connection.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await said(connection, 'HOLDTEST');
  });

  it('leaves HTTP alone, also a method that begins like it', async () => {
    const { connect } = await startSubject();
    expect((await (await connect()).send('GET', '/').answer()).body).toBe('{"http":true}');
    const head = await (await connect()).send('HEAD', '/').answer({ hasBody: false });
    expect(head.status).toBe(200);
  });

  it('ends one way before the other', async () => {
    const { connect, events } = await startSubject();
    const connection = (await connect()).write('HOLDTEST');
    await said(connection, 'HOLDTEST');
    connection.socket.end();
    await connection.ended();
    await expect.poll(() => events).toEqual(['closed']);
  });

  it('meets injected faults', async () => {
    const { connect, url, received } = await startSubject();
    const connection = (await connect()).write('HOLDTEST');
    await said(connection, 'HOLDTEST');
    const { port } = connection.socket.address() as { port: number };
    const fault = { kind: 'network', peer: `127.0.0.1:${port}`, drop: true };
    await fetch(url('/_holdfast/faults'), { method: 'POST', body: JSON.stringify(fault) });
    connection.write(' held');
    // The fault drops what comes before this answer is there: it came over the same machine, later.
    expect((await fetch(url('/'))).status).toBe(200);
    expect(received()).toBe('HOLDTEST');
    await fetch(url('/_holdfast/faults'), { method: 'DELETE' });
    await said(connection, ' HELD');
  });

  it('neither holds up a drain nor is cut by it: the service ends it last', async () => {
    const { service, connect, events, logged, release } = await startSubject();
    const connection = (await connect()).write('HOLDTEST');
    await said(connection, 'HOLDTEST');
    const http = (await connect()).send('GET', '/slow');
    const drained = service.drain();
    await expect.poll(() => isRefused(service.port)).toBe(true);
    connection.write(' still');
    await said(connection, ' STILL');
    expect(events).toEqual([]);
    release();
    await http.ended();
    await connection.ended();
    connection.socket.end();
    await drained;
    await expect.poll(() => events).toEqual(['closing', 'closed']);
    expect(connection.failure).toBeUndefined();
    expect(logged.join('')).not.toContain('cut off');
  });
});

it('a service without one answers such a connection as bad HTTP, and closes', async () => {
  const subject = await startUnderTest({ http: (app) => void app.get('/', () => ({})) });
  stop = subject.stop;
  const connection = (await subject.connect()).write('HOLDTEST and more');
  expect((await connection.answer()).status).toBe(400);
  await connection.ended();
});
