import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** `npm run bench -- [name ...]`: measures beside peers and writes bench/results/. */
const benches: Readonly<Record<string, () => Promise<void>>> = {
  service: async () => (await import('./service/bench.ts')).benchService(),
  calls: async () => (await import('./calls/bench.ts')).benchCalls(),
  balance: async () => (await import('./balance/bench.ts')).benchBalance(),
  decisions: async () => (await import('./decisions/bench.ts')).benchDecisions(),
  startup: async () => (await import('./startup/bench.ts')).benchStartup(),
  registry: async () => (await import('./registry/bench.ts')).benchRegistry(),
  journal: async () => (await import('./journal/bench.ts')).benchJournal(),
  checkers: async () => (await import('./checkers/bench.ts')).benchCheckers(),
  kvs: async () => (await import('./kvs/bench.ts')).benchKvs(),
  'kvs-visibility': async () => (await import('./kvs/visibility.ts')).benchKvsVisibility(),
  'kvs-million': async () => (await import('./kvs/million.ts')).benchKvsMillion(),
  growth: async () => (await import('./growth/bench.ts')).benchGrowth(),
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in benches));
if (unknown !== undefined) {
  console.error(`There is no bench "${unknown}". There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
installPeers();
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  console.log(`\n${name}`);
  await (benches[name] as () => Promise<void>)();
}

/** The peers are nobody's dependency: they are installed for the bench alone. */
function installPeers(): void {
  const folder = path.join(import.meta.dirname, 'peers');
  if (existsSync(path.join(folder, 'node_modules', '.package-lock.json'))) return;
  console.log('Installing what we are measured beside into bench/peers ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npm, ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'inherit' });
}
