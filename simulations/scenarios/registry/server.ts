import type { Connection, ConnectionHandlers, Host } from 'holdfast/host';
import {
  type AnnounceAnswer,
  encodeFrame,
  type PutOutcome,
  parsePosition,
  type RegistryStore,
  type WatchFrame,
} from 'holdfast/registry';
import type { Simulation } from 'holdfast/simulator';
import { type FromRegistry, port, type ToRegistry } from './transport.ts';

/** Serves a store as the registry process does, over a simulated network instead of HTTP. */
export function serve(
  simulation: Simulation,
  host: Host,
  name: string,
  store: RegistryStore,
  onWatcher: (watcher: string) => void,
): void {
  simulation.onMessage(name, (message, from) => {
    const { kind, call, request } = message as ToRegistry;
    const reply = (answer: AnnounceAnswer): void => {
      const datagram: FromRegistry = { call, answer };
      simulation.send(name, from, datagram);
    };
    if (kind === 'put') {
      const { leaseMs = 6_000, ...rest } = request;
      store.put({ ...rest, leaseMs }, (outcome) => reply(answerOf(outcome)));
    } else {
      store.remove(request, () => reply({ result: 'removed' }));
    }
  });
  host.network.listen(
    { host: '0.0.0.0', port },
    (connection) => stream(connection, store, onWatcher),
    () => {},
  );
}

function answerOf(outcome: PutOutcome): AnnounceAnswer {
  if (outcome.result === 'listed') return { result: 'listed', leaseMs: outcome.leaseMs };
  return { result: 'fenced', why: outcome.result };
}

/** One watcher: it sends `<service> <position>\n`, and gets server-sent events from then on. */
function stream(
  connection: Connection,
  store: RegistryStore,
  onWatcher: (watcher: string) => void,
): ConnectionHandlers {
  let request = '';
  let unwatch: (() => void) | undefined;
  return {
    received: (bytes) => {
      request += Buffer.from(bytes).toString();
      if (!request.endsWith('\n') || unwatch !== undefined) return;
      const [service, resume = ''] = request.trim().split(' ');
      onWatcher(connection.remote.host);
      const send = (frame: WatchFrame): void => {
        // As the real one does: who leaves too much unread is cut off.
        if (!connection.write(Buffer.from(encodeFrame(frame)))) connection.destroy();
      };
      const from = parsePosition(resume);
      unwatch = store.watch({ service, from }, send, () => connection.destroy());
    },
    ended: () => connection.destroy(),
    closed: () => unwatch?.(),
  };
}
