import type { Host, Timer } from '../../../host/index.ts';
import {
  type ProbesHeld,
  ProbingCore,
  type ProbingEffect,
  type ProbingEvent,
  type ProbingReport,
} from '../../../registry/index.ts';
import { drive, unreachable } from '../../../std/index.ts';
import { probe } from './probe.ts';

/** What the probing of an instance leads to. */
export interface ProbingListener {
  onAlive(id: string): void;
  /** It fails and stays listed for now. */
  onHeld(id: string): void;
  onUnlist(id: string, failures: number, why: string): void;
  onForget(id: string, failingMs: number, why: string): void;
  onReport(report: ProbingReport): void;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Runs the core of probing: its requests and its one timer. */
export class Probing {
  readonly #host: Host;
  readonly #listener: ProbingListener;
  readonly #core: ProbingCore;
  readonly #step: (event: ProbingEvent) => void;
  readonly #targets = new Map<string, Target>();
  readonly #underWay = new Map<number, () => void>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(host: Host, listener: ProbingListener) {
    this.#host = host;
    this.#listener = listener;
    this.#core = new ProbingCore({ seed: host.random.u32() });
    this.#step = drive(this.#core, (effect) => this.#run(effect));
  }

  start(id: string, target: Target, listed: boolean): void {
    if (this.#isClosed) return;
    this.#targets.set(id, target);
    this.#step({ type: 'enrolled', id, nowMs: this.#nowMs(), listed });
  }

  stop(id: string): void {
    this.#step({ type: 'removed', id, nowMs: this.#nowMs() });
    this.#targets.delete(id);
  }

  isListed(id: string): boolean {
    return this.#core.isListed(id);
  }

  get held(): ProbesHeld | undefined {
    return this.#core.heldAt(this.#nowMs());
  }

  /** Nothing is probed after this. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const giveUp of this.#underWay.values()) giveUp();
    this.#underWay.clear();
  }

  #run(effect: ProbingEffect): void {
    if (this.#isClosed) return;
    switch (effect.type) {
      case 'probe':
        this.#probe(effect.id, effect.probe);
        return;
      case 'cancel':
        this.#underWay.get(effect.probe)?.();
        this.#underWay.delete(effect.probe);
        return;
      case 'put':
        this.#listener.onAlive(effect.id);
        return;
      case 'keep':
        this.#listener.onHeld(effect.id);
        return;
      case 'report':
        this.#listener.onReport(effect.report);
        return;
      case 'unlist':
        this.#listener.onUnlist(effect.id, effect.failures, effect.why);
        return;
      case 'forget':
        this.#targets.delete(effect.id);
        this.#listener.onForget(effect.id, effect.failingMs, effect.why);
        return;
      case 'wake':
        this.#wakeAt(effect.atMs);
        return;
      default:
        unreachable(effect);
    }
  }

  #probe(id: string, number: number): void {
    const target = this.#targets.get(id);
    if (target === undefined) return;
    const giveUp = probe(target, (outcome) => {
      this.#underWay.delete(number);
      if (this.#isClosed) return;
      this.#step({ type: 'probed', id, probe: number, nowMs: this.#nowMs(), outcome });
    });
    this.#underWay.set(number, giveUp);
  }

  #wakeAt(atMs: number | undefined): void {
    this.#timer?.cancel();
    if (atMs === undefined) return;
    const { clock } = this.#host;
    this.#timer = clock.setTimer(atMs - clock.nowMs(), () =>
      this.#step({ type: 'woken', nowMs: this.#nowMs() }),
    );
  }

  #nowMs(): number {
    return this.#host.clock.nowMs();
  }
}
