import type { Host } from 'holdfast/host';
import type {
  AnnounceAnswer,
  ListOutcome,
  Position,
  PutCall,
  PutOutcome,
  PutRequest,
  RegistryStore,
  RegistryTransport,
  RemoveCall,
  RemoveOutcome,
  RemoveRequest,
  WatchFrame,
  WatchListener,
  WatchRequest,
} from 'holdfast/registry';

/** Mistakes planted on purpose. Each must be found, or the checks are worth nothing. */
export const registryBugs = {
  'expiry-without-revision': 'an expiry is sent without a revision of its own',
  'cold-restart': 'a restarted registry is believed at once, its list empty as it is',
  'hasty-watcher': 'after a reconnect a watcher believes at once that what expired is gone',
  'stale-renewal': 'a dead process renews the lease of its successor',
  'resume-skips': 'a watcher that resumes misses one change',
  'no-renewal': 'an instance that was registered once never renews',
} as const;

export type RegistryBug = keyof typeof registryBugs;

export class BuggyStore implements RegistryStore {
  readonly #store: RegistryStore;
  readonly #bug: RegistryBug | undefined;

  constructor(store: RegistryStore, bug: RegistryBug | undefined) {
    this.#store = store;
    this.#bug = bug;
  }

  put(request: PutRequest, done: (outcome: PutOutcome) => void): void {
    this.#store.put(request, (outcome) => {
      if (this.#bug !== 'stale-renewal' || outcome.result !== 'fenced' || outcome.by === undefined) {
        done(outcome);
        return;
      }
      const { incarnation } = outcome.by;
      this.#store.put(
        { ...request, sequence: undefined, instance: { ...request.instance, incarnation } },
        done,
      );
    });
  }

  remove(request: RemoveRequest, done: (outcome: RemoveOutcome) => void): void {
    this.#store.remove(request, done);
  }

  list(service: string | undefined, done: (outcome: ListOutcome) => void): void {
    this.#store.list(service, done);
  }

  watch(request: WatchRequest, send: (frame: WatchFrame) => void, end: (why: string) => void): () => void {
    const { from } = request;
    if (this.#bug === 'resume-skips' && from !== undefined) {
      const later = { ...from, revision: from.revision + 1 };
      return this.#store.watch({ ...request, from: later }, send, end);
    }
    if (this.#bug !== 'expiry-without-revision') return this.#store.watch(request, send, end);
    return this.#store.watch(request, (frame) => send(withoutRevision(frame)), end);
  }

  close(): void {
    this.#store.close();
  }
}

function withoutRevision(frame: WatchFrame): WatchFrame {
  if (frame.type !== 'change' || frame.change.kind !== 'remove' || frame.change.why !== 'expired')
    return frame;
  const revision = frame.change.revision - 1;
  const change = { ...frame.change, revision };
  return { type: 'change', position: { ...frame.position, revision }, change };
}

/** Claims that a renewal was answered, and sends none. */
export class NeverRenewing implements RegistryTransport {
  readonly #transport: RegistryTransport;
  readonly #host: Host;
  readonly #registered = new Set<string>();

  constructor(transport: RegistryTransport, host: Host) {
    this.#transport = transport;
    this.#host = host;
  }

  watch(
    registry: string,
    service: string,
    from: Position | undefined,
    listener: WatchListener,
  ): () => void {
    return this.#transport.watch(registry, service, from, listener);
  }

  put(registry: string, request: PutCall, done: (answer: AnnounceAnswer) => void): () => void {
    const what = `${registry} ${JSON.stringify(request.instance)}`;
    if (this.#registered.has(what)) {
      const answer = { result: 'listed', leaseMs: 6_000 } as const;
      const timer = this.#host.clock.setTimer(1, () => done(answer));
      return () => timer.cancel();
    }
    return this.#transport.put(registry, request, (answer) => {
      if (answer.result === 'listed') this.#registered.add(what);
      done(answer);
    });
  }

  remove(registry: string, request: RemoveCall, done: (answer: AnnounceAnswer) => void): () => void {
    return this.#transport.remove(registry, request, done);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
