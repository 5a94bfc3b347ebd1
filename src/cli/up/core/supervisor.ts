import { type Core, must, unreachable } from '../../../std/index.ts';
import { limits } from '../../limits.ts';

/**
 * The life of one supervised process. It runs until it is asked to stop; when it ends by itself it is started
 * again after a pause that doubles from 50 ms to 1 s, and starts from 50 ms again once it has lived for 5 s.
 *
 * Invariants: at most one life at a time, a new one only after `exited` of the last; at most one timer: the
 * backoff's while there is no life and one is wanted, the drain's while a life drains.
 */
export type SupervisorEvent = { readonly atMs: number } & (
  | { readonly kind: Command }
  | { readonly kind: 'spawned'; readonly pid: number }
  | { readonly kind: 'spawn-failed' }
  /** What the process said over its channel. */
  | ({ readonly kind: 'said' } & Said)
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly kind: 'timer' }
);

/** `end` kills at once and for good; `kill` is kill -9, after which it is started again. */
export type Command = 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'resume' | 'end';

export type SaidState = 'starting' | 'ready' | 'draining';

export interface Said {
  readonly state: SaidState;
  readonly incarnation?: string | undefined;
  /** Whether a registry lists it yet; undefined when none ever will. */
  readonly listed?: boolean | undefined;
}

export type SupervisorEffect =
  | { readonly kind: 'spawn' }
  | { readonly kind: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' }
  /** Replaces the timer that is set. */
  | { readonly kind: 'set-timer'; readonly delayMs: number }
  | { readonly kind: 'cancel-timer' }
  /** The registry should forget this life now: it can no longer say so itself. */
  | { readonly kind: 'deregister'; readonly incarnation: string }
  | { readonly kind: 'report'; readonly report: SupervisorReport };

export type SupervisorReport =
  | { readonly kind: 'ready'; readonly pid: number; readonly restarts: number; readonly tookMs: number }
  | { readonly kind: 'stopped'; readonly exit: Exit }
  | { readonly kind: 'ended'; readonly exit: Exit; readonly againInMs: number }
  | { readonly kind: 'drain-timeout'; readonly afterMs: number };

export interface Exit {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: string | null;
  /** By `stop`, `restart`, `kill` or `end`; otherwise it ended by itself. */
  readonly asked: boolean;
}

export type ProcessState = SaidState | 'stopped' | 'paused' | 'backing-off';

export interface SupervisorView {
  readonly state: ProcessState;
  /** When the state was entered. */
  readonly sinceMs: number;
  readonly pid: number | undefined;
  /** It is ready, and callers can find it: the registry has told them, if it is announced to one. */
  readonly known: boolean;
  /** How often it was started again. */
  readonly restarts: number;
  /** Ends in a row, none of them asked for and none after a steady life. 0: it is not crashing. */
  readonly failures: number;
  readonly lastExit: Exit | undefined;
}

interface Life {
  pid: number | undefined;
  readonly startedMs: number;
  said: SaidState;
  incarnation: string | undefined;
  listed: boolean | undefined;
  paused: boolean;
  /** Asked to stop, or stopping by itself. */
  draining: boolean;
  /** Its end was asked for. */
  asked: boolean;
}

export class Supervisor implements Core<SupervisorEvent, SupervisorEffect> {
  /** Whether it is to run once what happens now is over. */
  #wanted = false;
  #life: Life | undefined;
  #lives = 0;
  #failures = 0;
  #sinceMs = 0;
  #lastExit: Exit | undefined;

  view(): SupervisorView {
    return {
      state: this.#state(),
      sinceMs: this.#sinceMs,
      pid: this.#life?.pid,
      known: this.#state() === 'ready' && this.#life?.listed !== false,
      restarts: Math.max(0, this.#lives - 1),
      failures: this.#failures,
      lastExit: this.#lastExit,
    };
  }

  step(event: SupervisorEvent): readonly SupervisorEffect[] {
    const before = this.#state();
    const effects = this.#apply(event);
    if (this.#state() !== before) this.#sinceMs = event.atMs;
    return effects;
  }

  #state(): ProcessState {
    const life = this.#life;
    if (life === undefined) return this.#wanted ? 'backing-off' : 'stopped';
    if (life.draining) return 'draining';
    return life.paused ? 'paused' : life.said;
  }

  #apply(event: SupervisorEvent): SupervisorEffect[] {
    switch (event.kind) {
      case 'start':
        return this.#start(event.atMs);
      case 'stop':
        this.#wanted = false;
        return this.#drain();
      case 'restart':
        if (this.#life === undefined) return this.#start(event.atMs);
        this.#wanted = true;
        return this.#drain();
      case 'kill':
        return this.#kill();
      case 'end':
        this.#wanted = false;
        return this.#life === undefined ? [{ kind: 'cancel-timer' }] : this.#kill();
      case 'pause':
        if (this.#life === undefined || this.#life.draining || this.#life.paused) return [];
        this.#life.paused = true;
        return [{ kind: 'signal', signal: 'SIGSTOP' }];
      case 'resume':
        if (this.#life?.paused !== true) return [];
        this.#life.paused = false;
        return [{ kind: 'signal', signal: 'SIGCONT' }];
      case 'spawned':
        must(this.#life, 'a life that was spawned').pid = event.pid;
        return [];
      case 'spawn-failed':
        return this.#ended(event.atMs, null, null);
      case 'said':
        return this.#said(event.atMs, event);
      case 'exited':
        return this.#ended(event.atMs, event.code, event.signal);
      case 'timer':
        return this.#timer(event.atMs);
      default:
        return unreachable(event);
    }
  }

  #start(atMs: number): SupervisorEffect[] {
    this.#wanted = true;
    // A life that drains ends first; `#ended` starts the next.
    if (this.#life !== undefined) return [];
    this.#failures = 0;
    return [{ kind: 'cancel-timer' }, ...this.#spawn(atMs)];
  }

  #spawn(atMs: number): SupervisorEffect[] {
    this.#lives++;
    this.#life = {
      pid: undefined,
      startedMs: atMs,
      said: 'starting',
      incarnation: undefined,
      listed: undefined,
      paused: false,
      draining: false,
      asked: false,
    };
    return [{ kind: 'spawn' }];
  }

  #drain(): SupervisorEffect[] {
    const life = this.#life;
    if (life === undefined) return [{ kind: 'cancel-timer' }];
    life.asked = true;
    // A second SIGTERM would make it give up what it still answers.
    if (life.draining) return [];
    life.draining = true;
    const effects: SupervisorEffect[] = [
      { kind: 'signal', signal: 'SIGTERM' },
      { kind: 'set-timer', delayMs: limits.drainMaxMs },
    ];
    // A stopped process takes SIGTERM only once it goes on.
    if (life.paused) effects.unshift({ kind: 'signal', signal: 'SIGCONT' });
    life.paused = false;
    return effects;
  }

  #kill(): SupervisorEffect[] {
    if (this.#life === undefined) return [];
    this.#life.asked = true;
    return [{ kind: 'signal', signal: 'SIGKILL' }];
  }

  #said(atMs: number, { state, incarnation, listed }: Said): SupervisorEffect[] {
    const life = this.#life;
    if (life === undefined) return [];
    const newlyReady = state === 'ready' && life.said !== 'ready';
    life.said = state;
    life.incarnation = incarnation ?? life.incarnation;
    life.listed = listed;
    if (state === 'draining' && !life.draining) {
      // Somebody else sent it a signal. It gets as long as if we had.
      life.draining = true;
      return [{ kind: 'set-timer', delayMs: limits.drainMaxMs }];
    }
    if (!newlyReady || life.pid === undefined) return [];
    const { pid, startedMs } = life;
    const report = { kind: 'ready', pid, restarts: this.#lives - 1, tookMs: atMs - startedMs } as const;
    return [{ kind: 'report', report }];
  }

  #ended(atMs: number, code: number | null, signal: string | null): SupervisorEffect[] {
    const life = must(this.#life, 'a life that ended');
    this.#life = undefined;
    const exit: Exit = { pid: life.pid, code, signal, asked: life.asked };
    this.#lastExit = exit;
    const effects: SupervisorEffect[] = [];
    if (life.draining) effects.push({ kind: 'cancel-timer' });
    if (life.incarnation !== undefined) {
      effects.push({ kind: 'deregister', incarnation: life.incarnation });
    }
    if (!this.#wanted) {
      this.#failures = 0;
      return [...effects, { kind: 'report', report: { kind: 'stopped', exit } }];
    }
    if (life.asked) this.#failures = 0;
    if (life.asked && life.draining) {
      return [
        ...effects,
        { kind: 'report', report: { kind: 'ended', exit, againInMs: 0 } },
        ...this.#spawn(atMs),
      ];
    }
    if (atMs - life.startedMs >= limits.steadyMs) this.#failures = 0;
    const againInMs = Math.min(limits.backoffFirstMs * 2 ** this.#failures, limits.backoffMaxMs);
    if (!life.asked) this.#failures++;
    effects.push({ kind: 'report', report: { kind: 'ended', exit, againInMs } });
    effects.push({ kind: 'set-timer', delayMs: againInMs });
    return effects;
  }

  #timer(atMs: number): SupervisorEffect[] {
    if (this.#life === undefined) return this.#wanted ? this.#spawn(atMs) : [];
    if (!this.#life.draining) return [];
    this.#life.asked = true;
    return [
      { kind: 'report', report: { kind: 'drain-timeout', afterMs: limits.drainMaxMs } },
      { kind: 'signal', signal: 'SIGKILL' },
    ];
  }
}
