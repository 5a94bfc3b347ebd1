import { createServer, type Server } from 'node:net';
import { must } from '../../../std/index.ts';
import { limits } from '../../limits.ts';
import { safeLine } from '../../terminal/safe-line.ts';
import { portOwner } from './processes.ts';

export interface WantedPort {
  readonly service: string;
  readonly instance: string;
  /** 0: any free one. */
  readonly port: number;
}

export type PortsOutcome =
  /** The port of each instance, in order. */
  | { readonly ok: true; readonly ports: readonly number[] }
  /** One sentence for each port that cannot be had. */
  | { readonly ok: false; readonly lines: readonly string[] };

/**
 * Whether every port is free, tried by listening on it, and a free one where any will do. With `waitMs` ports
 * in use are waited for that long: those who hold them are about to end.
 */
export async function checkPorts(
  host: string,
  wanted: readonly WantedPort[],
  config: string,
  waitMs: number,
): Promise<PortsOutcome> {
  const startedMs = performance.now();
  for (;;) {
    const tried = await tryAll(host, wanted);
    const failed = tried.filter(({ failure }) => failure !== undefined);
    if (failed.length === 0) return { ok: true, ports: tried.map(({ got }) => got) };
    const inUse = failed.every(({ failure }) => failure === 'EADDRINUSE');
    if (!inUse || performance.now() - startedMs >= waitMs) {
      return { ok: false, lines: await Promise.all(failed.map((each) => describe(each, config))) };
    }
    await new Promise((resolve) => setTimeout(resolve, limits.portPollMs));
  }
}

interface Tried {
  /** The port that was listened on. */
  readonly got: number;
  readonly failure: string | undefined;
}

/** Holds them all until the last is tried: nobody is given a free port that another of them wants. */
async function tryAll(host: string, wanted: readonly WantedPort[]): Promise<(WantedPort & Tried)[]> {
  const servers: Server[] = [];
  const tried: (WantedPort & Tried)[] = [];
  // The fixed ones first, so that no free one takes their place.
  for (const free of [false, true]) {
    const group = wanted.filter(({ port }) => (port === 0) === free);
    tried.push(
      ...(await Promise.all(group.map(async (each) => ({ ...each, ...(await listen(each.port)) })))),
    );
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return wanted.map(({ instance }) =>
    must(
      tried.find((each) => each.instance === instance),
      'a tried port',
    ),
  );

  function listen(port: number): Promise<Tried> {
    return new Promise((resolve) => {
      const server = createServer();
      server.once('error', (error: NodeJS.ErrnoException) => {
        resolve({ got: port, failure: error.code ?? error.message });
      });
      server.listen({ host, port, exclusive: true }, () => {
        servers.push(server);
        const address = server.address();
        const got = typeof address === 'object' && address !== null ? address.port : port;
        resolve({ got, failure: undefined });
      });
    });
  }
}

async function describe({ service, port, failure }: WantedPort & Tried, config: string): Promise<string> {
  const way = `give ${service} another port in ${config}`;
  if (failure === 'EACCES') return `Port ${port} needs more rights than this user has: ${way}.`;
  if (failure !== 'EADDRINUSE') return `Port ${port} cannot be listened on (${failure}): ${way}.`;
  const owner = await portOwner(port);
  if (owner === undefined) return `Port ${port} is taken by another program. Stop it, or ${way}.`;
  const { pid, name, commandLine } = owner;
  const what = commandLine === undefined ? `pid ${pid}` : `pid ${pid}: ${shorten(commandLine)}`;
  return `Port ${port} is taken by ${name} (${what}). Stop it, or ${way}.`;
}

/** One line: an argument may hold several. */
function shorten(text: string): string {
  const line = safeLine(text, false);
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
