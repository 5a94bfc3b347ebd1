import type { ChildProcess } from 'node:child_process';
import { drive, unreachable } from '../../../std/index.ts';
import type { ProcessSpec } from '../../../topology/index.ts';
import { limits } from '../../limits.ts';
import { LastWords } from '../core/last-words.ts';
import {
  type Command,
  type Said,
  Supervisor,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorReport,
  type SupervisorView,
} from '../core/supervisor.ts';
import { Lines } from './lines.ts';

/** What a member needs of the `up` it belongs to. */
export interface MemberSurroundings {
  launch(spec: ProcessSpec): ChildProcess;
  /** Lines of its output, in order. */
  heard(member: Member, lines: readonly string[]): void;
  /** `reason`: the line of its output that says why it ended. */
  report(member: Member, report: SupervisorReport, reason: string | undefined): void;
  /** A process exists from now on, and no longer. */
  born(pid: number): void;
  gone(pid: number): void;
  deregister(member: Member, incarnation: string): void;
}

/** One supervised process: runs the effects of its core. */
export class Member {
  readonly spec: ProcessSpec;
  readonly #surroundings: MemberSurroundings;
  readonly #core = new Supervisor();
  readonly #give: (event: SupervisorEvent) => void;
  readonly #watchers = new Set<() => void>();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #words = new LastWords();
  /** The words of the life that ended last. */
  #lastWords = this.#words;
  /** Settles when the output of the life that ended last has arrived. */
  #silence: Promise<void> = Promise.resolve();
  #reported: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, surroundings: MemberSurroundings) {
    this.spec = spec;
    this.#surroundings = surroundings;
    this.#give = drive(this.#core, (effect) => this.#run(effect));
  }

  get view(): SupervisorView {
    return this.#core.view();
  }

  /** Why it ended last, in its own words. */
  get reason(): string | undefined {
    return this.#lastWords.reason();
  }

  /** Resolves when all of its output has arrived and its end is reported. */
  get quiet(): Promise<void> {
    return this.#reported;
  }

  tell(command: Command): void {
    this.#happened({ kind: command, atMs: performance.now() });
  }

  /** Whether `holds` became true within the time. It is asked after everything that happens. */
  until(holds: (view: SupervisorView) => boolean, waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (outcome: boolean): void => {
        clearTimeout(timeout);
        this.#watchers.delete(look);
        resolve(outcome);
      };
      const look = (): void => {
        if (holds(this.view)) settle(true);
      };
      const timeout = setTimeout(() => settle(false), waitMs);
      this.#watchers.add(look);
      look();
    });
  }

  #happened(event: SupervisorEvent): void {
    this.#give(event);
    for (const look of [...this.#watchers]) look();
  }

  #run(effect: SupervisorEffect): void {
    switch (effect.kind) {
      case 'spawn':
        this.#spawn();
        return;
      case 'signal':
        this.#signal(effect.signal);
        return;
      case 'set-timer':
        clearTimeout(this.#timer);
        this.#timer = setTimeout(
          () => this.#happened({ kind: 'timer', atMs: performance.now() }),
          effect.delayMs,
        );
        return;
      case 'cancel-timer':
        clearTimeout(this.#timer);
        return;
      case 'deregister':
        this.#surroundings.deregister(this, effect.incarnation);
        return;
      case 'report': {
        const words = this.#lastWords;
        const { report } = effect;
        if (report.kind === 'ready') this.#surroundings.report(this, report, undefined);
        else {
          this.#reported = this.#silence.then(() => {
            this.#surroundings.report(this, report, words.reason());
          });
        }
        return;
      }
      default:
        unreachable(effect);
    }
  }

  #spawn(): void {
    const words = new LastWords();
    this.#words = words;
    let child: ChildProcess;
    try {
      child = this.#surroundings.launch(this.spec);
    } catch (error) {
      words.heard(String(error), true);
      this.#lastWords = words;
      this.#give({ kind: 'spawn-failed', atMs: performance.now() });
      return;
    }
    this.#child = child;
    this.#listen(child, words);
    const { pid } = child;
    if (pid === undefined) {
      child.once('error', (error) => {
        words.heard(String(error), true);
        this.#lastWords = words;
        this.#happened({ kind: 'spawn-failed', atMs: performance.now() });
      });
      return;
    }
    // A failed signal or message is no news: the end of the process is.
    child.on('error', () => {});
    this.#surroundings.born(pid);
    child.once('exit', (code, signal) => this.#exited(child, pid, code, signal));
    this.#give({ kind: 'spawned', atMs: performance.now(), pid });
  }

  #listen(child: ChildProcess, words: LastWords): void {
    for (const [stream, error] of [
      [child.stdout, false],
      [child.stderr, true],
    ] as const) {
      let batch: string[] = [];
      const lines = new Lines((line) => {
        words.heard(line, error);
        batch.push(line);
      });
      const pass = (): void => {
        if (batch.length > 0) this.#surroundings.heard(this, batch);
        batch = [];
      };
      stream?.on('data', (chunk: Buffer) => {
        lines.take(chunk);
        pass();
      });
      stream?.on('close', () => {
        lines.end();
        pass();
      });
      stream?.on('error', () => {});
    }
    child.on('message', (message) => {
      const said = saidIn(message);
      if (said !== undefined && child === this.#child) {
        this.#happened({ kind: 'said', atMs: performance.now(), ...said });
      }
    });
  }

  #exited(child: ChildProcess, pid: number, code: number | null, signal: string | null): void {
    killGroup(pid);
    this.#surroundings.gone(pid);
    // A grandchild may hold the pipes open: then they are not waited for.
    this.#silence = new Promise((resolve) => {
      const timeout = setTimeout(resolve, limits.lastOutputWaitMs);
      child.once('close', () => {
        clearTimeout(timeout);
        resolve();
      });
    });
    this.#child = undefined;
    this.#lastWords = this.#words;
    this.#happened({ kind: 'exited', atMs: performance.now(), code, signal });
  }

  #signal(signal: NodeJS.Signals): void {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
  }
}

/**
 * Each leads a process group: what it started itself must not outlive it and hold its port. The group keeps
 * the dead leader's id to itself as long as it has members (POSIX 4.14), so that no other is hit.
 */
function killGroup(leaderPid: number): void {
  if (process.platform === 'win32') return;
  try {
    process.kill(-leaderPid, 'SIGKILL');
  } catch {
    // It was alone in its group.
  }
}

function saidIn(message: unknown): Said | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, state, incarnation, listed } = message as Readonly<Record<string, unknown>>;
  if (type !== 'state' || (state !== 'starting' && state !== 'ready' && state !== 'draining'))
    return undefined;
  return {
    state,
    incarnation: typeof incarnation === 'string' ? incarnation : undefined,
    listed: typeof listed === 'boolean' ? listed : undefined,
  };
}
