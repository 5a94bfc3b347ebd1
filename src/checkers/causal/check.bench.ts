// One measurement in a process of its own, for bench/checkers: `node check.bench.ts <checker> <deletes>
// <operations> <rounds>` checks one right history so many times and prints what that took as JSON.

import { assert, must } from '../../std/index.ts';
import { checkCausal } from './check.ts';
import { CausalHistory } from './history.ts';
import { ModelStore } from './testing/model-store.ts';
import { isAccepted } from './testing/reference.ts';

const checks: Readonly<Record<string, (history: CausalHistory) => boolean>> = {
  checker: (history) => checkCausal(history).ok,
  reference: isAccepted,
};

const [checker, deletes, operationsText, roundsText] = process.argv.slice(2);
const operations = Number(operationsText);
const store = new ModelStore({
  seed: 1,
  sessions: 50,
  replicas: 5,
  keys: 1_000,
  putShare: 0.3,
  deleteShare: 0.05,
  unknownShare: 0.02,
  operationsPerDelivery: 4,
  tellsDeletes: deletes === 'told',
});
const history = new CausalHistory();
for (let count = 0; count < operations; count++) {
  const { session, operation } = store.next();
  history.add(session, operation);
}

const historyMib = process.memoryUsage().rss / 2 ** 20;
const cpuMs: number[] = [];
for (let round = 0; round < Number(roundsText); round++) {
  const before = process.threadCpuUsage();
  assert(must(checks[checker ?? ''], 'a checker')(history), 'a right history');
  const { user, system } = process.threadCpuUsage(before);
  cpuMs.push((user + system) / 1_000);
}
console.log(JSON.stringify({ cpuMs, historyMib, peakMib: process.resourceUsage().maxRSS / 2 ** 10 }));
