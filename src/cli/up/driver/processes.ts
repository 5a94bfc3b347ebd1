import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';

/** What the operating system tells about other processes: from /proc on Linux, elsewhere what tools know. */
export interface ProcessFacts {
  readonly parentPid: number;
  /** Clock ticks from boot to the start: with the pid it names one process for ever (until a reboot). */
  readonly startTicks: string;
  readonly state: string;
}

/** Undefined when there is no such process, or no /proc. */
export function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // proc(5): pid (comm) state ppid ... starttime is field 22; comm may hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: String(fields[0]), parentPid: Number(fields[1]), startTicks: String(fields[19]) };
  } catch {
    return undefined;
  }
}

/** Whether a process runs, and is the one that started then. A zombie has ended. */
export function runs(pid: number, startTicks?: string | undefined): boolean {
  const facts = factsOf(pid);
  if (facts !== undefined) {
    return facts.state !== 'Z' && (startTicks === undefined || facts.startTicks === startTicks);
  }
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Its command line in one line, or undefined. */
export function commandLineOf(pid: number): string | undefined {
  try {
    const parts = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    if (parts.length > 0) return parts.join(' ');
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

export interface PortOwner {
  readonly pid: number;
  /** `node`. */
  readonly name: string;
  /** `node server.js`, as far as it is known. */
  readonly commandLine: string | undefined;
}

/** Who listens on a TCP port; undefined when that cannot be told (another user's process, no tool). */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  if (process.platform === 'linux') return linuxPortOwner(port);
  return process.platform === 'win32' ? undefined : lsofPortOwner(port);
}

function linuxPortOwner(port: number): PortOwner | undefined {
  const sockets = new Set(
    ['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return undefined;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !holds(pid, sockets)) continue;
    const commandLine = commandLineOf(pid);
    const program = commandLine?.split(' ')[0]?.split('/').at(-1);
    return { pid, name: program ?? 'a process', commandLine };
  }
  return undefined;
}

function listeningInodes(table: string, port: number): string[] {
  const listening = '0A';
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  try {
    const rows = readFileSync(`/proc/net/${table}`, 'latin1').split('\n').slice(1);
    return rows.flatMap((row) => {
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
      return local?.endsWith(wanted) && state === listening && inode !== undefined ? [inode] : [];
    });
  } catch {
    return [];
  }
}

function holds(pid: number, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

const run = promisify(execFile);

async function lsofPortOwner(port: number): Promise<PortOwner | undefined> {
  try {
    const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
      timeout: 2000,
    });
    const pid = Number(/^p(\d+)$/m.exec(stdout)?.[1]);
    if (!Number.isInteger(pid)) return undefined;
    const shown = await run('ps', ['-o', 'command=', '-p', String(pid)], { timeout: 2000 });
    const name = /^c(.+)$/m.exec(stdout)?.[1] ?? 'a process';
    return { pid, name, commandLine: shown.stdout.trim() || undefined };
  } catch {
    return undefined;
  }
}

/** The process and those above it, nearest first, at most `countMax`; without /proc only the parent. */
export function ancestors(countMax: number): { readonly pid: number; readonly commandLine: string }[] {
  const found: { pid: number; commandLine: string }[] = [];
  let pid = process.ppid;
  while (pid > 1 && found.length < countMax) {
    found.push({ pid, commandLine: commandLineOf(pid) ?? '' });
    pid = factsOf(pid)?.parentPid ?? 0;
  }
  return found;
}
