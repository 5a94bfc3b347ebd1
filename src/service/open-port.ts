import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { HoldfastError } from '../std/index.ts';

/** Listens and returns the port, a free one for 0. Throws `failed_precondition` with what to do about it. */
export async function openPort(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (cause) {
    throw listenError(cause as NodeJS.ErrnoException, host, port);
  }
  return (server.address() as AddressInfo).port;
}

/** `http://127.0.0.1:8080` */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): HoldfastError {
  const where = `${host}:${port}`;
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is already in use: another process listens on ${where}. Stop it, or set PORT.`,
    EACCES: `Port ${port} is not allowed to this user: choose one above 1023 with PORT.`,
    EADDRNOTAVAIL: `${host} is no address of this machine: set HOST to one that is.`,
    ENOTFOUND: `${host} is no known host name: set HOST to an address of this machine.`,
  };
  const text = texts[cause.code ?? ''] ?? `The service cannot listen on ${where}.`;
  return new HoldfastError('failed_precondition', text, { cause });
}
