import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { must } from 'holdfast/std';
import { cpuUsOf, memoryMibOf } from '../../measure/child.ts';
import { diskBytesOf } from '../disk.ts';

const readyWithinMs = 60_000;
const pollMs = 10;
/** Characters of what a server said that are shown when it fails. */
const saidMax = 2_000;

/** One server: how it is started, and how it is asked. */
export interface Member {
  /** `127.0.0.1:8090`: where clients reach it. */
  readonly address: string;
  /** What it has to be started with; its data goes to a folder of its own. */
  readonly command: (folder: string) => Command;
  /** Whether it takes requests. Rejects when it does not answer. */
  readonly isReady: () => Promise<boolean>;
  /** The value this server has for a key; undefined when it has none. Rejects when it does not answer. */
  readonly read: (key: string) => Promise<string | undefined>;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Whoever goes on when the bench ends, whichever way it does. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The servers of one store, each a process with a folder for its data. */
export class Store {
  readonly #name: string;
  readonly #folder: string;
  readonly #members: readonly Member[];
  readonly #children: ChildProcess[] = [];

  private constructor(name: string, folder: string, members: readonly Member[]) {
    this.#name = name;
    this.#folder = folder;
    this.#members = members;
  }

  /** Starts all at once, and waits until each takes requests. */
  static async start(name: string, folder: string, members: readonly Member[]): Promise<Store> {
    const store = new Store(name, folder, members);
    for (const index of members.keys()) store.startAgain(index);
    try {
      await Promise.all(members.map((_, index) => store.ready(index)));
    } catch (error) {
      await store.#killAll();
      throw error;
    }
    return store;
  }

  get addresses(): readonly string[] {
    return this.#members.map(({ address }) => address);
  }

  /** User and system time of all its processes so far, in microseconds. */
  cpuUs(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuUsOf(pid), 0);
  }

  /** Resident, of each process, in MiB. */
  memoryMib(): readonly number[] {
    return this.#pids().map(memoryMibOf);
  }

  /** What the data of each takes on the disk. */
  diskBytes(): readonly number[] {
    return this.#members.map((_, index) => diskBytesOf(this.#dataOf(index)));
  }

  read(index: number, key: string): Promise<string | undefined> {
    return this.#member(index).read(key);
  }

  startAgain(index: number): void {
    const data = this.#dataOf(index);
    mkdirSync(data, { recursive: true });
    const { program, args, env } = this.#member(index).command(data);
    const log = openSync(this.#logOf(index), 'a');
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#children[index] = child;
  }

  async ready(index: number): Promise<void> {
    const { isReady } = this.#member(index);
    await this.until(index, isReady, readyWithinMs);
  }

  /** Polls until the condition holds; a rejection counts as no. Throws what the server said in the end. */
  async until(index: number, holds: () => Promise<boolean>, withinMs: number): Promise<void> {
    const child = must(this.#children[index], 'it was started');
    const untilMs = performance.now() + withinMs;
    while (performance.now() < untilMs && child.exitCode === null) {
      const isSo = await holds().catch(() => false);
      if (isSo) return;
      await pass(pollMs);
    }
    const what = child.exitCode === null ? 'did not get ready' : `ended with ${child.exitCode}`;
    throw new Error(`${this.#titleOf(index)} ${what}:\n${this.#saidBy(index)}`);
  }

  /** As a power cut would end it. */
  async kill(index: number): Promise<void> {
    const child = must(this.#children[index], 'it was started');
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async stop(): Promise<void> {
    for (const [index, child] of this.#children.entries()) {
      if (child.exitCode !== null)
        console.error(`${this.#titleOf(index)} ended by itself:\n${this.#saidBy(index)}`);
    }
    await this.#killAll();
  }

  async #killAll(): Promise<void> {
    await Promise.all(this.#children.map((_, index) => this.kill(index)));
  }

  #member(index: number): Member {
    return must(this.#members[index], 'there is such a member');
  }

  #dataOf(index: number): string {
    return path.join(this.#folder, `${this.#name}-${index + 1}`);
  }

  #titleOf(index: number): string {
    return `${this.#name} ${index + 1} of ${this.#members.length}`;
  }

  #saidBy(index: number): string {
    return readFileSync(this.#logOf(index), 'utf8').slice(-saidMax);
  }

  #logOf(index: number): string {
    return `${this.#dataOf(index)}.log`;
  }

  #pids(): readonly number[] {
    return this.#children.map((child) => child.pid as number);
  }
}
