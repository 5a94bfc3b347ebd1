import { once } from 'node:events';
import { type AddressInfo, connect, type Server } from 'node:net';
import { HoldfastError } from '../std/index.ts';

/** Listens and returns the port, a free one for 0. Throws `failed_precondition` with what to do about it. */
export async function openPort(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (cause) {
    throw new HoldfastError('failed_precondition', whyNot(cause, host, port), { cause });
  }
  return (server.address() as AddressInfo).port;
}

/**
 * Throws as `openPort` would where somebody listens already. The port is not opened for it, however shortly:
 * a caller would take it for the service.
 */
export async function checkPort(host: string, port: number, withinMs: number): Promise<void> {
  const isTaken = await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port, timeout: withinMs });
    const settle = (isAnswered: boolean): void => {
      resolve(isAnswered);
      socket.destroy();
    };
    // Where nobody listens a connection may come about with itself.
    socket.once('connect', () => settle(socket.localPort !== port));
    socket.once('timeout', () => settle(false));
    socket.on('error', () => settle(false));
  });
  if (isTaken) throw new HoldfastError('failed_precondition', whyNot({ code: 'EADDRINUSE' }, host, port));
}

/** `http://127.0.0.1:8080` */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}

function whyNot(cause: unknown, host: string, port: number): string {
  const where = `${host}:${port}`;
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is already in use: another process listens on ${where}. Stop it, or set PORT.`,
    EACCES: `Port ${port} is not allowed to this user: choose one above 1023 with PORT.`,
    EADDRNOTAVAIL: `${host} is no address of this machine: set HOST to one that is.`,
    ENOTFOUND: `${host} is no known host name: set HOST to an address of this machine.`,
  };
  const { code = '' } = cause as NodeJS.ErrnoException;
  return texts[code] ?? `The service cannot listen on ${where}.`;
}
