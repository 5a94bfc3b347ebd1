import type { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { Content } from './content.ts';

type Change =
  | {
      readonly kind: 'write';
      readonly order: number;
      readonly position: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'truncate'; readonly order: number; readonly length: number };

type ChangeWithoutOrder =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number };

/**
 * A file: what its readers see (the page cache), what is on the medium, and the changes between the two in
 * their order. Invariant: the medium's content with all pending changes applied is what readers see, until
 * a sync fails and drops some of them, as Linux does (Rebello et al., "Can Applications Recover from fsync
 * Failures?", 2020).
 */
export class FileNode {
  readonly kind = 'file';
  cached: Content;
  #durable: Content;
  #pending: Change[] = [];
  #lastOrder = 0;

  constructor(content = new Content()) {
    this.cached = content.copy();
    this.#durable = content;
  }

  /** Marks what has happened up to now, for a sync that begins here. */
  get mark(): number {
    return this.#lastOrder;
  }

  get unsynced(): number {
    return this.#pending.length;
  }

  write(position: number, bytes: Uint8Array): void {
    this.cached.write(position, bytes);
    this.#add({ kind: 'write', position, bytes: bytes.slice() });
  }

  truncate(length: number): void {
    this.cached.truncate(length);
    this.#add({ kind: 'truncate', length });
  }

  sync(mark: number): void {
    for (const change of this.#pending) if (change.order <= mark) apply(this.#durable, change);
    this.#pending = this.#pending.filter((change) => change.order > mark);
  }

  /** What should have become durable is torn; what did not is forgotten, though readers still see it. */
  failSync(mark: number, prng: Prng): void {
    for (const change of this.#pending) if (change.order <= mark) applyTorn(this.#durable, change, prng);
    this.#pending = this.#pending.filter((change) => change.order > mark);
  }

  powerCut(prng: Prng): void {
    // Often a clean prefix with a torn end, as of a journal appended to; else each change meets its own
    // fate.
    const whole = prng.chance(0.5) ? prng.below(this.#pending.length + 1) : -1;
    this.#pending.forEach((change, index) => {
      if (index < whole) apply(this.#durable, change);
      else if (index === whole || whole < 0) applyTorn(this.#durable, change, prng);
    });
    this.#pending = [];
    this.cached = this.#durable.copy();
  }

  /** Flips bits inside the sector at `position`, for readers and on the medium. */
  corrupt(position: number, mask: number): void {
    this.cached.flip(position, mask);
    this.#durable.flip(position, mask);
  }

  /** A file with what is on the medium, for a copy of the disk. */
  durableCopy(): FileNode {
    return new FileNode(this.#durable.copy());
  }

  #add(change: ChangeWithoutOrder): void {
    this.#pending.push({ ...change, order: ++this.#lastOrder });
  }
}

/** A folder: the names its users see and those on the medium. */
export class DirectoryNode {
  readonly kind = 'directory';
  entries = new Map<string, Inode>();
  durable = new Map<string, Inode>();

  powerCut(prng: Prng): void {
    this.entries = new Map(this.durable);
    for (const node of this.entries.values()) node.powerCut(prng);
  }

  durableCopy(): DirectoryNode {
    const copy = new DirectoryNode();
    for (const [name, node] of this.durable) copy.durable.set(name, node.durableCopy());
    copy.entries = new Map(copy.durable);
    return copy;
  }
}

export type Inode = FileNode | DirectoryNode;

function apply(content: Content, change: ChangeWithoutOrder): void {
  if (change.kind === 'write') content.write(change.position, change.bytes);
  else content.truncate(change.length);
}

/** Applies all of a change, none of it, or some sectors, now and then with one of them torn inside. */
function applyTorn(content: Content, change: ChangeWithoutOrder, prng: Prng): void {
  const fate = prng.below(3);
  if (fate === 0) return;
  if (fate === 1 || change.kind === 'truncate') {
    apply(content, change);
    return;
  }
  const end = change.position + change.bytes.byteLength;
  for (let from = change.position; from < end; ) {
    const sectorEnd = from - (from % limits.sectorBytes) + limits.sectorBytes;
    const to = Math.min(end, sectorEnd);
    const torn = prng.chance(0.1) ? from + prng.below(to - from) : to;
    if (prng.chance(0.5)) {
      content.write(from, change.bytes.subarray(from - change.position, torn - change.position));
    }
    from = to;
  }
  // The length is metadata of its own: it may arrive without the bytes, which then read as zeros.
  if (content.length < end && prng.chance(0.2)) content.truncate(end);
}
