import { HoldfastError } from '../../std/index.ts';
import type { Balance } from '../core/balance.ts';
import { Call } from '../core/call.ts';
import type { Outcome, UpstreamEffect } from '../core/events.ts';
import { UpstreamCore } from '../core/upstream.ts';
import type { Instance, InstanceState } from '../discovery.ts';

export const instance = (id: string, state: InstanceState = 'ready', weight = 1): Instance => ({
  id,
  incarnation: 'i1',
  host: '127.0.0.1',
  port: 1,
  state,
  weight,
});
export const refused: Outcome = {
  type: 'failed',
  error: new HoldfastError('unavailable', 'refused', { mayHaveExecuted: false }),
};
export const brokenOff: Outcome = { type: 'failed', error: new HoldfastError('unavailable', 'broke off') };
export const ok: Outcome = { type: 'answered', verdict: 'ok' };

/** A core with its answers as one line each, and the calls by name. */
export class Upstream {
  readonly core: UpstreamCore<string>;
  readonly calls = new Map<string, Call<string>>();
  readonly lines: string[] = [];
  nowMs = 0;

  constructor(instances: readonly Instance[] | undefined, balance: Balance = 'round-robin', seed = 3) {
    this.core = new UpstreamCore<string>({ service: 'a', seed, balance });
    if (instances !== undefined) this.know(instances);
  }

  know(instances: readonly Instance[]): void {
    this.#note(this.core.step({ type: 'view', view: { status: 'known', instances }, nowMs: this.nowMs }));
  }

  unreachable(why: string): void {
    this.#note(this.core.step({ type: 'view', view: { status: 'unreachable', why }, nowMs: this.nowMs }));
  }

  call(name: string, options: { idempotent?: boolean; timeoutMs?: number } = {}): void {
    const { idempotent = false, timeoutMs = 1_000 } = options;
    const call = new Call(name, this.nowMs, this.nowMs + timeoutMs, idempotent);
    this.calls.set(name, call);
    this.#note(this.core.step({ type: 'call', call, nowMs: this.nowMs }));
  }

  ends(name: string, outcome: Outcome, attempt?: number): void {
    const call = this.get(name);
    const nowMs = this.nowMs;
    this.#note(
      this.core.step({ type: 'outcome', call, attempt: attempt ?? call.attempts, outcome, nowMs }),
    );
  }

  tell(type: 'backed-off' | 'deadline', name: string): void {
    this.#note(this.core.step({ type, call: this.get(name), nowMs: this.nowMs }));
  }

  cancel(name: string): void {
    this.#note(this.core.step({ type: 'cancel', call: this.get(name), nowMs: this.nowMs, why: 'gave up' }));
  }

  close(): void {
    this.#note(this.core.step({ type: 'closed' }));
  }

  latencyMs(id: string): number | undefined {
    return this.core.loads.get(id)?.latencyMs(this.nowMs);
  }

  /** How long it waits before the retry after this outcome. */
  delayAfter(name: string, outcome: Outcome): number {
    const call = this.get(name);
    const nowMs = this.nowMs;
    const [effect] = this.core.step({ type: 'outcome', call, attempt: call.attempts, outcome, nowMs });
    return effect?.type === 'back-off' ? effect.delayMs : Number.NaN;
  }

  get(name: string): Call<string> {
    return this.calls.get(name) as Call<string>;
  }

  /** What happened since the last time, instances as they were chosen. */
  take(): string[] {
    return this.lines.splice(0);
  }

  #note(effects: readonly UpstreamEffect<string>[]): void {
    for (const effect of effects) {
      const about =
        effect.type === 'send'
          ? ` to ${effect.instance.id} attempt ${effect.attempt}`
          : effect.type === 'fail'
            ? `: ${effect.error.code}, ${effect.error.message}`
            : '';
      this.lines.push(`${effect.type} ${effect.call.token}${about}`);
    }
  }
}

export const target = (line: string | undefined): string => / to (\S+)/.exec(line ?? '')?.[1] ?? '';
