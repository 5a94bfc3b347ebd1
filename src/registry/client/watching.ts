import type { DiscoveryView } from '../../calls/index.ts';
import type { Host, Timer } from '../../host/index.ts';
import { describeError, drive, type Observe, unreachable } from '../../std/index.ts';
import { ViewCore } from '../core/view.ts';
import type { ViewEffect, ViewEvent } from '../core/view-events.ts';
import type { RegistryEvent } from '../events.ts';
import { limits } from '../limits.ts';
import type { WatchFrame } from '../watch-frame.ts';
import { decodeFrame } from '../wire.ts';
import { SseParser } from './sse-parser.ts';
import type { RegistryTransport } from './transport.ts';

type Listener = (view: DiscoveryView) => void;
type ConnectEffect = Extract<ViewEffect, { type: 'connect' }>;

/** Runs the view of one service: one stream to one registry at a time, shared by all who listen. */
export class ServiceWatch {
  readonly #service: string;
  readonly #host: Host;
  readonly #transport: RegistryTransport;
  readonly #observe: Observe<RegistryEvent>;
  readonly #core: ViewCore;
  readonly #step: (event: ViewEvent) => void;
  readonly #listeners = new Set<Listener>();
  #timer: Timer | undefined;
  #giveUp: (() => void) | undefined;

  constructor(options: {
    readonly service: string;
    readonly host: Host;
    readonly transport: RegistryTransport;
    readonly registries: readonly string[];
    readonly confirmBeats: number | undefined;
    readonly observe: Observe<RegistryEvent>;
  }) {
    const { service, host, registries, confirmBeats } = options;
    this.#transport = options.transport;
    this.#service = service;
    this.#host = host;
    this.#observe = options.observe;
    this.#core = new ViewCore({ service, registries, confirmBeats });
    this.#step = drive(this.#core, (effect) => this.#run(effect));
    this.#step({ type: 'start', nowMs: host.clock.nowMs() });
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
    listener(this.#core.view);
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  close(): void {
    this.#step({ type: 'stop' });
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  #run(effect: ViewEffect): void {
    const { clock, random } = this.#host;
    switch (effect.type) {
      case 'connect':
        this.#connect(effect);
        return;
      case 'disconnect':
        this.#giveUp?.();
        return;
      case 'wake':
        this.#timer?.cancel();
        this.#timer = undefined;
        if (effect.atMs === undefined) return;
        this.#timer = clock.setTimer(Math.max(0, effect.atMs - clock.nowMs()), () =>
          this.#step({ type: 'woken', nowMs: clock.nowMs(), random: random.fraction() }),
        );
        return;
      case 'publish':
        for (const listener of [...this.#listeners]) listener(effect.view);
        return;
      case 'report':
        this.#observe(effect.report);
        return;
      default:
        unreachable(effect);
    }
  }

  #connect({ attempt, registry, from }: ConnectEffect): void {
    const { clock } = this.#host;
    const parser = new SseParser(limits.sseLineCharsMax);
    this.#giveUp = this.#transport.watch(registry, this.#service, from, {
      opened: () => this.#step({ type: 'opened', attempt, nowMs: clock.nowMs() }),
      received: (chunk) => {
        const frames = framesOf(parser, chunk);
        if (typeof frames === 'string') {
          this.#giveUp?.();
          this.#failed(attempt, frames);
          return;
        }
        for (const frame of frames) this.#step({ type: 'frame', attempt, nowMs: clock.nowMs(), frame });
      },
      ended: (why) => this.#failed(attempt, why),
    });
  }

  #failed(attempt: number, why: string): void {
    const { clock, random } = this.#host;
    this.#step({ type: 'failed', attempt, nowMs: clock.nowMs(), random: random.fraction(), why });
  }
}

/** The frames in a chunk, or what is wrong with it. */
function framesOf(parser: SseParser, chunk: Uint8Array): readonly WatchFrame[] | string {
  try {
    return parser
      .push(chunk)
      .map(decodeFrame)
      .filter((frame) => frame !== undefined);
  } catch (error) {
    return describeError(error);
  }
}
