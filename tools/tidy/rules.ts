import type { Rule } from './finding.ts';
import { architecture } from './rules/architecture.ts';
import { dependencies } from './rules/dependencies.ts';
import { direction } from './rules/direction.ts';
import { entry } from './rules/entry.ts';
import { exports } from './rules/exports.ts';
import { functionSize } from './rules/function-size.ts';
import { links } from './rules/links.ts';
import { names } from './rules/names.ts';
import { neededServer } from './rules/needed-server.ts';
import { proof } from './rules/proof.ts';
import { pure } from './rules/pure.ts';
import { realHost } from './rules/real-host.ts';
import { scripts } from './rules/scripts.ts';
import { size } from './rules/size.ts';
import { syntax } from './rules/syntax.ts';
import { systems } from './rules/systems.ts';
import { todo } from './rules/todo.ts';
import { width } from './rules/width.ts';

export const rules: readonly Rule[] = [
  ...[syntax, direction, entry, realHost, proof, systems, dependencies, pure],
  ...[size, functionSize, width, names, neededServer, todo],
  ...[scripts, exports, links, architecture],
];
