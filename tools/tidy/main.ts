import path from 'node:path';
import { describeFinding } from './finding.ts';
import { rules } from './rules.ts';
import { readTree } from './tree.ts';

// Node calls the type stripping that tidy parses with experimental at its first use; it is pinned with Node.
process.removeAllListeners('warning');

const startMs = performance.now();
const root = process.argv[2] ?? path.resolve(import.meta.dirname, '..', '..');
const tree = readTree(root);
let count = 0;
for (const rule of rules) {
  for (const finding of rule.check(tree)) {
    count++;
    console.log(describeFinding(rule, finding));
  }
}
const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
const found = count === 0 ? 'nothing found' : `${count} found`;
console.log(`tidy: ${rules.length} rules, ${tree.files.size} files, ${found} (${seconds} s)`);
process.exitCode = count === 0 ? 0 : 1;
