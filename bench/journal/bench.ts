import { report, target } from '../measure/report.ts';
import { inOrderOf, median } from '../measure/rounds.ts';
import { type Appended, appendFor } from './appending.ts';
import { benchReplay, type Replay } from './replay.ts';
import { sqliteFor } from './sqlite.ts';
import { ways, writeFor } from './writing.ts';

/** In turn: the best of them shows the disk, the median what else the machine had to do. */
const writeRounds = 12;
const writeSeconds = 0.5;
const rounds = 12;
const seconds = 0.4;
const recordBytes = 200;
const appenders = [1, 16, 256];
const through = 'O_DSYNC, zeros allocated';

/** What a commit costs, and what a journal makes of it: writes alone, appenders together, reading back. */
export async function benchJournal(): Promise<void> {
  const writes = new Map<string, number[]>([...ways.keys()].map((name) => [name, []]));
  for (let round = 1; round <= writeRounds; round++) {
    for (const [name, perS] of inOrderOf(round, [...writes]))
      perS.push(await writeFor(name, writeSeconds, recordBytes));
  }
  const appended = new Map<string, Appended[]>(appenders.map((count) => [`${count}`, []]));
  const sqlite = new Map<string, number[]>(appenders.map((count) => [`${count}`, []]));
  const appendOurs = async (count: number): Promise<number> => {
    const run = await appendFor(count, seconds, recordBytes);
    appended.get(`${count}`)?.push(run);
    return run.perS;
  };
  const appendSqlite = async (count: number): Promise<number> => {
    const perS = sqliteFor(count, seconds, recordBytes);
    sqlite.get(`${count}`)?.push(perS);
    return perS;
  };
  const contest = [
    { name: 'journal', append: appendOurs },
    { name: 'SQLite', append: appendSqlite },
  ];
  for (let round = 1; round <= rounds; round++) {
    for (const count of inOrderOf(round, appenders)) {
      for (const { name, append } of inOrderOf(round, contest)) {
        const perS = Math.round(await append(count)).toLocaleString('en');
        console.log(`round ${round} ${count} appenders: ${name} ${perS}/s`);
      }
    }
  }
  write(writes, appended, sqlite, await benchReplay());
}

function write(
  writes: ReadonlyMap<string, readonly number[]>,
  appended: ReadonlyMap<string, readonly Appended[]>,
  sqlite: ReadonlyMap<string, readonly number[]>,
  replay: Replay,
): void {
  const number = (value: number): string => Math.round(value).toLocaleString('en');
  const bestThrough = Math.max(...(writes.get(through) ?? []));
  const commits = [...writes].map(([name, samples]) => {
    const best = Math.max(...samples);
    const ratio = (best / bestThrough).toFixed(2);
    return `| ${name} | ${number(median(samples))} | ${number(best)} | ${ratio} |`;
  });
  const figures = [...appended].map(([count, runs]) => {
    const of = (pick: (run: Appended) => number): number => median(runs.map(pick));
    const perS = runs.map((run) => run.perS);
    const besides = sqlite.get(count) ?? [];
    const [best, bestBesides] = [Math.max(...perS), Math.max(...besides)];
    return (
      `| ${count} | ${number(median(perS))} | ${number(best)} ` +
      `| ${of((run) => run.cpuUs).toFixed(1)} | ${of((run) => run.threadCpuUs).toFixed(1)} ` +
      `| ${Math.min(...runs.map((run) => run.p50Ms)).toFixed(2)} ` +
      `| ${Math.min(...runs.map((run) => run.p99Ms)).toFixed(2)} ` +
      `| ${number(median(besides))} | ${number(bestBesides)} | ${(best / bestBesides).toFixed(1)} |`
    );
  });
  const bestGrowing = Math.max(...(writes.get('write + fdatasync, file grows') ?? []));
  report('journal', [
    {
      title: `Commits a second, one after the other, ${recordBytes} bytes`,
      lines: [
        '| way to write | commits/s | best | ratio of the best |',
        '|---|---:|---:|---:|',
        ...commits,
      ],
    },
    {
      title: `Records a second, ${recordBytes} bytes`,
      lines: [
        '| appenders | records/s | best | CPU us/record | main thread | best p50 ms | best p99 ms ' +
          '| SQLite | best | ratio of the best |',
        '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
        ...figures,
      ],
    },
    {
      title: 'Opening',
      lines: [
        '| | s |',
        '|---|---:|',
        `| ${number(replay.records)} records of 150 bytes, median | ${median(replay.openS).toFixed(2)} |`,
        `| best | ${Math.min(...replay.openS).toFixed(2)} |`,
        `| processor time of the main thread, median | ${median(replay.cpuS).toFixed(2)} |`,
        `| reading the same files and nothing else, median | ${median(replay.readS).toFixed(2)} |`,
      ],
    },
    { title: 'Targets', lines: targets(replay, bestThrough / bestGrowing) },
    { title: 'Method', lines: method },
  ]);
}

function targets(replay: Replay, commitRatio: number): string[] {
  const bestS = Math.min(...replay.openS);
  return [
    target('a million records of 150 bytes are replayed in 2 s', bestS < 2, `${bestS.toFixed(2)} s`),
    target(
      '1.5 times the commits of writes and syncs into a growing file',
      commitRatio > 1.5,
      `${commitRatio.toFixed(2)} times`,
    ),
  ];
}

const method = [
  '`npm run bench -- journal`. Rounds, each beginning with another candidate; medians; commits: ' +
    `${writeRounds} rounds of ${writeSeconds} s, records: ${rounds} of ${seconds} s.`,
  'Files in the temporary folder, written through libuv, as Node does.',
  'Commits: the next write begins when the one before it is durable. The machine had other work: ratios and',
  'targets are of the best rounds.',
  'Records: each appender appends its next record when its last one is durable. CPU is that of the whole',
  'process, threads that write included.',
  'SQLite: node:sqlite, WAL, synchronous=FULL, as many inserts in a transaction as there are appenders: the',
  'best that a group commit over it could do.',
  'Opening: files in the page cache; a million records, appended as fast as they are taken.',
];
