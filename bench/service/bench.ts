import path from 'node:path';
import { type Child, startChild } from '../measure/child.ts';
import { requireProgram, wrk } from '../measure/programs.ts';
import { report, table, target } from '../measure/report.ts';
import { inRounds, type Row, rows, type Sample } from '../measure/rounds.ts';

const rounds = 7;
const seconds = 4;
const connections = 64;

export async function benchService(): Promise<void> {
  requireProgram('wrk', 'wrk');
  const servers: Record<string, Child> = {
    fastify: await startChild(path.join(import.meta.dirname, 'fastify.ts')),
    holdfast: await startChild(path.join(import.meta.dirname, '../calls/servers/holdfast.ts')),
  };
  try {
    for (const server of Object.values(servers)) await load(server, 3);
    const samples = await inRounds(Object.keys(servers), rounds, (name) =>
      load(servers[name] as Child, seconds),
    );
    write(rows(samples, 'fastify'), servers);
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
}

async function load(server: Child, forSeconds: number): Promise<Sample> {
  const before = server.cpuUs();
  const url = `http://127.0.0.1:${server.port}/echo?msg=hello`;
  const result = wrk(url, { connections, seconds: forSeconds });
  if (result.errors > 0) throw new Error(`${result.errors} requests failed.`);
  return { perS: result.perS, cpuUs: (server.cpuUs() - before) / result.requests };
}

function write(all: Row[], servers: Readonly<Record<string, Child>>): void {
  const ours = all.find((row) => row.name === 'holdfast') as Row;
  const memory = Object.entries(servers).map(
    ([name, server]) => `${name} ${server.memoryMib().toFixed(0)} MiB`,
  );
  report('service', [
    { title: 'GET /echo?msg=hello', lines: table(all, 'fastify') },
    {
      title: 'Targets',
      lines: [
        target('the echo route at least 0.9 of bare Fastify', ours.ratio >= 0.9, ours.ratio.toFixed(2)),
      ],
    },
    {
      title: 'Method',
      lines: [
        '`npm run bench -- service`. Each server is a process of its own, logging off in both; load from',
        `wrk, one thread, ${connections} keep-alive connections; ${rounds} rounds of ${seconds} s, one`,
        'or the other first in turn; medians, and ratios within a round. CPU is user and system time of the',
        'server process over the requests it answered. Ours is service A of the `echo` system as it ships:',
        'bounds, request context, one port for HTTP and gRPC.',
        `Resident memory after the load: ${memory.join(', ')}.`,
      ],
    },
  ]);
}
