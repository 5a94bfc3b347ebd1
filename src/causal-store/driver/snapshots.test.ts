import { describe, expect, it } from 'vitest';
import type { Host } from '../../host/index.ts';
import { type LinkStream, Links } from '../../link/index.ts';
import { createSimulation, type Simulation } from '../../simulator/index.ts';
import type { Incoming } from '../core/events.ts';
import { emptyStage, Scan, stageChunk } from '../core/scan.ts';
import { State } from '../core/state.ts';
import { limits } from '../limits.ts';
import { snapshotStream } from '../messages.ts';
import { write } from '../testing/records.ts';
import { type PeerListener, Peers } from './peers.ts';

/** What one side was told, in order. */
class Heard implements PeerListener {
  readonly lines: string[] = [];
  readonly chunks: Uint8Array[] = [];
  up = (address: string) => this.lines.push(`up ${address}`);
  down = (address: string) => this.lines.push(`down ${address}`);
  silent = (): void => {};
  heard = (): void => {};
  paused = (): void => {};
  message = (from: string, kind: number) => this.lines.push(`message ${kind} from ${from}`);
  wants = true;
  snapshotBegins = ({ from, epoch, isWhole }: Incoming) => {
    this.lines.push(`begins ${from} ${epoch}${isWhole ? ' whole' : ''}`);
    return this.wants;
  };
  room = true;
  canStage = () => this.room;
  snapshotChunk = (_incoming: Incoming, chunk: Uint8Array) => this.chunks.push(chunk);
  snapshotLost = ({ from, epoch }: Incoming) => this.lines.push(`lost ${from} ${epoch}`);
  snapshotSent = (to: string, scan: Scan): void => {
    scan.close();
    this.lines.push(`sent ${to}`);
  };
  nextRecords = () => undefined;
  behind = (): void => {};
}

function peersOn(host: Host, address: string, listener: PeerListener): Peers {
  const peers = new Peers({
    host,
    address,
    session: address,
    clusterKey: undefined,
    queueBytesMax: 1024 * 1024,
    listener,
    observe: () => {},
  });
  host.network.listen(
    { host: '0.0.0.0', port: 1 },
    (connection) => peers.accept(connection),
    () => {},
  );
  return peers;
}

const beyond = { epoch: 5, isWhole: false };

/** Two sides with a link between them. */
function linked() {
  const simulation = createSimulation({ seed: 1 });
  const [sender, receiver] = [new Heard(), new Heard()];
  const from = peersOn(simulation.host('a'), 'a:1', sender);
  const to = peersOn(simulation.host('b'), 'b:1', receiver);
  from.keep(['b:1']);
  simulation.runUntil(() => sender.lines.length > 0 && receiver.lines.length > 0, 5_000);
  return { simulation, sender, receiver, from, to };
}

/** Of more than fits on a link at once. */
function largeState(): State {
  const state = new State();
  for (let sequence = 1; sequence <= 40; sequence++) {
    state.apply(write(`a${sequence}`, { key: `k${sequence}`, value: 'x'.repeat(50_000) }));
  }
  return state;
}

describe('a snapshot', () => {
  it('arrives whole, chunk by chunk, also what changed while it was on its way', () => {
    const { simulation, sender, receiver, from } = linked();
    const state = largeState();
    from.sendSnapshot('b:1', beyond, new Scan(state));
    simulation.runUntil(() => receiver.chunks.length > 2, 5_000);
    state.apply(write('a41', { key: 'k1', value: '"changed"', stamp: 99 }));
    simulation.runUntil(() => receiver.lines.some((line) => line.startsWith('lost')), 5_000);
    const staged = emptyStage();
    for (const chunk of receiver.chunks) stageChunk(staged, chunk);
    expect(staged.header?.applied).toEqual(state.applied);
    const table = new State().table;
    for (const each of staged.writes) table.apply(each);
    expect([table.get('k1')?.value, table.size]).toEqual(['"changed"', 40]);
    expect(sender.lines).toEqual(['up b:1', 'sent b:1']);
    // The end of a stream that is whole means nothing more to who has its last chunk.
    expect(receiver.lines).toEqual(['up a:1', 'begins a:1 5', 'lost a:1 5']);
  });

  it('that breaks off is told to both sides', () => {
    const { simulation, sender, receiver, from } = linked();
    from.sendSnapshot('b:1', beyond, new Scan(largeState()));
    simulation.runUntil(() => receiver.chunks.length > 2, 5_000);
    simulation.partition(['a'], ['b']);
    simulation.runUntil(() => sender.lines.length > 2 && receiver.lines.length > 3, 20_000);
    expect(sender.lines.toSorted()).toEqual(['down b:1', 'sent b:1', 'up b:1']);
    expect(receiver.lines.toSorted()).toEqual(['begins a:1 5', 'down a:1', 'lost a:1 5', 'up a:1']);
  });

  it('comes no faster than the disk takes it', () => {
    const { simulation, sender, receiver, from, to } = linked();
    receiver.room = false;
    from.sendSnapshot('b:1', beyond, new Scan(largeState()));
    simulation.runFor(5_000);
    const waiting = receiver.chunks.length;
    expect(sender.lines).toEqual(['up b:1']);
    receiver.room = true;
    to.resumeSnapshots();
    simulation.runUntil(() => sender.lines.length > 1, 5_000);
    expect(sender.lines).toEqual(['up b:1', 'sent b:1']);
    expect(receiver.chunks.length).toBeGreaterThan(waiting);
  });

  it('that its sender does not go on with is given up, and one that the disk holds back is not', () => {
    const { simulation, receiver, to } = linked();
    const reasons: string[] = [];
    const stream = streamTo(simulation, '0501', (why) => reasons.push(why));
    simulation.runUntil(() => receiver.lines.includes('begins x:1 5 whole'), 5_000);
    receiver.room = false;
    stream?.write(Buffer.from([3]));
    simulation.runFor(3 * limits.snapshotStallMs);
    expect(reasons).toEqual([]);
    receiver.room = true;
    to.resumeSnapshots();
    simulation.runFor(limits.snapshotStallMs - 100);
    expect(reasons).toEqual([]);
    simulation.runFor(200);
    expect(reasons).toEqual([expect.stringMatching(/Nothing more of the snapshot has come/)]);
    expect(receiver.lines.at(-1)).toBe('lost x:1 5');
  });

  it('that its receiver takes no more of is given up: nothing can be forgotten meanwhile', () => {
    const { simulation, sender, receiver, from } = linked();
    receiver.room = false;
    from.sendSnapshot('b:1', beyond, new Scan(largeState()));
    simulation.runFor(limits.snapshotStallMs - 1_000);
    expect(sender.lines).toEqual(['up b:1']);
    simulation.runFor(2_000);
    expect(sender.lines).toEqual(['up b:1', 'sent b:1']);
    expect(receiver.lines.at(-1)).toBe('lost a:1 5');
  });

  it('that nobody wants is not taken at all', () => {
    const { simulation, sender, receiver, from } = linked();
    receiver.wants = false;
    from.sendSnapshot('b:1', beyond, new Scan(largeState()));
    simulation.runUntil(() => sender.lines.length > 1, 5_000);
    expect(sender.lines).toEqual(['up b:1', 'sent b:1']);
    expect([receiver.chunks, receiver.lines]).toEqual([[], ['up a:1', 'begins a:1 5']]);
  });

  it('to somebody who is not linked is over at once', () => {
    const { simulation, sender, from } = linked();
    from.sendSnapshot('c:1', beyond, new Scan(new State()));
    simulation.runFor(1);
    expect(sender.lines).toEqual(['up b:1', 'sent c:1']);
  });
});

/** A stream of somebody who speaks the link's protocol and sends what it likes. */
function streamTo(
  simulation: Simulation,
  header: string,
  why: (reason: string) => void,
): LinkStream | undefined {
  let stream: LinkStream | undefined;
  const links = new Links({
    host: simulation.host('x'),
    address: 'x:1',
    session: 'x',
    observe: () => {},
    listener: {
      up: (link) => {
        const handlers = { data: () => {}, closed: why };
        stream = link.openStream(snapshotStream, Buffer.from(header, 'hex'), handlers);
      },
      down: () => {},
      message: () => {},
    },
  });
  links.connect('b:1');
  simulation.runUntil(() => stream !== undefined, 5_000);
  return stream;
}

describe('somebody who sends a snapshot that is none', () => {
  it('is cut short when a chunk is longer than any of ours', () => {
    const { simulation, receiver } = linked();
    let reason: string | undefined;
    const stream = streamTo(simulation, '0500', (why) => {
      reason = why;
    });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(limits.snapshotChunkBytesMax + 1);
    stream?.write(length);
    simulation.runUntil(() => reason !== undefined, 5_000);
    expect(reason).toMatch(/too long/);
    expect(receiver.chunks).toEqual([]);
  });

  it('is refused when what it begins with makes no sense', () => {
    const { simulation, receiver } = linked();
    let reason: string | undefined;
    streamTo(simulation, '80', (why) => {
      reason = why;
    });
    simulation.runUntil(() => reason !== undefined, 5_000);
    expect(receiver.lines).toEqual(['up a:1', 'up x:1']);
  });
});
