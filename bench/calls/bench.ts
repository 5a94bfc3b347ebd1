import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Child } from '../measure/child.ts';
import { startChild } from '../measure/child.ts';
import { requireProgram, startNginx } from '../measure/programs.ts';
import { report, table, target } from '../measure/report.ts';
import { inRounds, type Row, rows, type Sample } from '../measure/rounds.ts';
import { concurrency } from './loop.ts';

const rounds = 3;
const nginxPort = 17_080;
const run = promisify(execFile);

const overHttp = ['undici', 'holdfast-request', 'holdfast-fetch', 'fetch', 'axios-opossum'];

export async function benchCalls(): Promise<void> {
  requireProgram('nginx', 'nginx-light');
  const nginx = await startNginx(nginxPort, '{"echo":"hello"}');
  const holdfast = await startServer('holdfast');
  const grpcJs = await startServer('grpc-js');
  const moleculer = await startServer('moleculer');
  const targets: Record<string, Child> = {
    ...Object.fromEntries(overHttp.map((name) => [name, nginx])),
    'holdfast-grpc': holdfast,
    'grpc-js': grpcJs,
    'grpc-js to our server': holdfast,
    'holdfast-grpc to its server': grpcJs,
    moleculer,
  };
  try {
    const samples = await inRounds(Object.keys(targets), rounds, (name) =>
      runClient(name.split(' ')[0] as string, (targets[name] as Child).port),
    );
    write(rows(samples, 'undici'), rows(samples, 'grpc-js'));
  } finally {
    await Promise.all([nginx, holdfast, grpcJs, moleculer].map((child) => child.stop()));
  }
}

function startServer(name: string): Promise<Child> {
  return startChild(path.join(import.meta.dirname, 'servers', `${name}.ts`));
}

async function runClient(name: string, port: number): Promise<Sample> {
  const file = path.join(import.meta.dirname, 'clients', `${name}.ts`);
  const { stdout } = await run(process.execPath, [file, String(port)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Sample;
}

function write(againstUndici: Row[], againstGrpcJs: Row[]): void {
  const of = (all: Row[], name: string): Row => all.find((row) => row.name === name) as Row;
  const request = of(againstUndici, 'holdfast-request');
  const grpc = of(againstGrpcJs, 'holdfast-grpc');
  const grpcNames = ['grpc-js', 'holdfast-grpc', 'grpc-js to our server', 'holdfast-grpc to its server'];
  report('calls', [
    {
      title: 'Over HTTP/1.1, and Moleculer over TCP',
      lines: table(
        againstUndici.filter((row) => overHttp.includes(row.name) || row.name === 'moleculer'),
        'undici',
      ),
    },
    {
      title: 'Typed gRPC',
      lines: table(
        againstGrpcJs.filter((row) => grpcNames.includes(row.name)),
        'grpc-js',
      ),
    },
    {
      title: 'Targets',
      lines: [
        target(
          'lean request at least 0.85 of bare undici',
          request.ratio >= 0.85,
          request.ratio.toFixed(2),
        ),
        target('typed gRPC at least 2x grpc-js', grpc.ratio >= 2, grpc.ratio.toFixed(2)),
      ],
    },
    {
      title: 'Method',
      lines: [
        '`npm run bench -- calls`. Each client is a process of its own that calls in a closed loop,',
        `${concurrency} at a time, 1.5 s to warm up and 4 s measured; ${rounds} rounds, each client`,
        'once a round, each round beginning with the next of them; medians, and ratios within a round. CPU',
        'is user and system time of the client process.',
        'HTTP clients call an nginx with one worker that answers `{"echo":"hello"}`; every client parses',
        'and checks the JSON. Ours has everything on that is on by default: deadline, balancing, retry',
        'budget, trace headers. gRPC clients call a server of their own make in its own process, then each',
        "other's. Moleculer keeps one TCP connection and sends many messages in one write; it has no",
        'deadline or breaker on by default.',
      ],
    },
  ]);
}
