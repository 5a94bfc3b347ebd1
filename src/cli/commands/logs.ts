import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean } from '../../topology/index.ts';
import { exitCodes, type RunCommand } from '../invocation.ts';
import { limits } from '../limits.ts';
import type { Output } from '../terminal/output.ts';
import { safeLine } from '../terminal/safe-line.ts';
import { ownName, prefixesOf } from '../up/driver/log.ts';
import { findWorkspace } from '../workspace.ts';
import { inOrder, type LogLine, LogReader } from './log-reader.ts';

export const run: RunCommand = async ({ args, options, folder, out, err }) => {
  const { dataFolder } = findWorkspace(options, folder);
  const logs = join(dataFolder, 'logs');
  const count = Number(options.lines ?? limits.logLinesDefault);
  if (!Number.isInteger(count) || count < 0) {
    err.line(`--lines must be a whole number, not "${options.lines}".`);
    return exitCodes.usage;
  }
  const known = namesIn(logs);
  if (known.length === 0 && options.follow !== true) {
    err.line('There are no logs here yet. Start something with: npx holdfast up');
    return exitCodes.failed;
  }
  const strange = args.find((name) => known.length > 0 && !known.some((each) => means(name, each)));
  if (strange !== undefined) {
    const services = known.map((name) => name.replace(/-\d+$/, ''));
    const guess = didYouMean(strange, [...known, ...services]) || ` There are: ${known.join(', ')}.`;
    err.line(`There is no log of ${strange}.${guess}`);
    return exitCodes.usage;
  }
  const chosen = (name: string): boolean => args.length === 0 || args.some((arg) => means(arg, name));
  const readers = new Map<string, LogReader>();
  const show = printer(out, known.filter(chosen));
  const recent: LogLine[] = [];
  for (const name of known.filter(chosen)) {
    const reader = new LogReader(name, join(logs, `${name}.log`));
    readers.set(name, reader);
    recent.push(...reader.tail(count));
  }
  show(count === 0 ? [] : inOrder(recent).slice(-count));
  while (options.follow === true && out.open) {
    await out.flushed();
    await new Promise((resolve) => setTimeout(resolve, limits.logPollMs));
    for (const name of namesIn(logs)) {
      if (chosen(name) && !readers.has(name))
        readers.set(name, new LogReader(name, join(logs, `${name}.log`)));
    }
    show(inOrder([...readers.values()].flatMap((reader) => reader.next())));
  }
  return exitCodes.fine;
};

function namesIn(logs: string): string[] {
  try {
    const files = readdirSync(logs).filter((file) => file.endsWith('.log'));
    return files.map((file) => file.slice(0, -'.log'.length)).sort();
  } catch {
    return [];
  }
}

/** A name means an instance, or all instances of a service. */
function means(name: string, instance: string): boolean {
  return (
    name === instance || (instance.startsWith(`${name}-`) && /^\d+$/.test(instance.slice(name.length + 1)))
  );
}

function printer(out: Output, names: readonly string[]): (lines: readonly LogLine[]) => void {
  const others = (found: readonly string[]): string[] => [
    ownName,
    ...found.filter((name) => name !== ownName),
  ];
  let prefixes = prefixesOf(out, others(names));
  return (lines) => {
    const unknown = lines.map(({ name }) => name).filter((name) => !prefixes.has(name));
    if (unknown.length > 0) prefixes = prefixesOf(out, [...new Set([...prefixes.keys(), ...unknown])]);
    const text = lines.map(
      ({ name, text: line }) => `${prefixes.get(name)}${safeLine(line, out.colour)}\n`,
    );
    if (text.length > 0) out.write(text.join(''));
  };
}
