import type { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { Content } from './content.ts';

type Edit =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number }
  /** The length alone, without the bytes that gave it. */
  | { readonly kind: 'extend'; readonly length: number };

interface Change {
  readonly order: number;
  readonly edit: Edit;
  /** Durable, and here only for its place among those before it, which are not. */
  settled: boolean;
}

/** Whoever has a lock. dying: it has ended, and something that it began is still under way. */
export interface Holder {
  readonly state: 'alive' | 'dying' | 'gone';
}

/**
 * A file: what its readers see (the page cache), what is on the medium, and the changes between the two in
 * their order. Invariant: the medium's content with all pending changes applied is what readers see, until
 * a sync or a write that goes through fails and drops some of them, as Linux does (Rebello et al., "Can
 * Applications Recover from fsync Failures?", 2020).
 */
export class FileNode {
  readonly kind = 'file';
  cached: Content;
  #durable: Content;
  #pending: Change[] = [];
  #lastOrder = 0;
  #holder: Holder | undefined;
  /** Handles on it that have not been closed, with whose they are. */
  readonly handles = new Map<object, Holder>();

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

  /** Returns the order of the change, for `settle` and `tear`. */
  write(position: number, bytes: Uint8Array): number {
    this.cached.write(position, bytes);
    return this.#add({ kind: 'write', position, bytes: bytes.slice() });
  }

  truncate(length: number): void {
    this.cached.truncate(length);
    this.#add({ kind: 'truncate', length });
  }

  /** Makes one change durable, whatever becomes of those before it. */
  settle(order: number): void {
    const change = this.#pending.find((each) => each.order === order);
    if (change !== undefined) change.settled = true;
    this.#applySettled();
  }

  /**
   * One change that should have become durable by itself is torn, though readers still see all of it. A write
   * that goes through has its own range written back and nothing else, so what else is pending stays pending.
   */
  tear(order: number, prng: Prng): void {
    const index = this.#pending.findIndex((each) => each.order === order);
    const change = this.#pending[index];
    if (change === undefined) return;
    const edits = tornEdits(change.edit, this.#durable.length, prng);
    this.#pending.splice(index, 1, ...edits.map((edit) => ({ order, edit, settled: true })));
    this.#applySettled();
  }

  sync(mark: number): void {
    for (const { order, edit } of this.#pending) if (order <= mark) apply(this.#durable, edit);
    this.#pending = this.#pending.filter((change) => change.order > mark);
  }

  /** What should have become durable is torn; what did not is forgotten, though readers still see it. */
  failSync(mark: number, prng: Prng): void {
    for (const change of this.#pending) {
      if (change.settled) apply(this.#durable, change.edit);
      else if (change.order <= mark) applyTorn(this.#durable, change.edit, prng);
    }
    this.#pending = this.#pending.filter((change) => change.order > mark);
  }

  powerCut(prng: Prng): void {
    // Often a clean prefix with a torn end, as of a journal appended to; else each change meets its own
    // fate.
    const whole = prng.chance(0.5) ? prng.below(this.#pending.length + 1) : -1;
    this.#pending.forEach(({ edit, settled }, index) => {
      if (settled || index < whole) apply(this.#durable, edit);
      else if (index === whole || whole < 0) applyTorn(this.#durable, edit, prng);
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
    const content = this.#durable.copy();
    for (const { edit, settled } of this.#pending) if (settled) apply(content, edit);
    return new FileNode(content);
  }

  /** Takes the lock if nobody has it; else says how its holder is. */
  lock(holder: Holder): Holder['state'] {
    const state = this.#holder?.state ?? 'gone';
    if (state === 'gone') this.#holder = holder;
    return state;
  }

  unlock(): void {
    this.#holder = undefined;
  }

  /** While a process has it open. */
  get isOpen(): boolean {
    return [...this.handles.values()].some((holder) => holder.state !== 'gone');
  }

  /** Of `length` bytes from `position` on, so many can be written. */
  roomAt(position: number, length: number, freeBlocks: number): number {
    return this.cached.roomAt(position, length, freeBlocks);
  }

  #applySettled(): void {
    while (this.#pending[0]?.settled === true) apply(this.#durable, (this.#pending.shift() as Change).edit);
  }

  #add(edit: Edit): number {
    this.#pending.push({ order: ++this.#lastOrder, edit, settled: false });
    return this.#lastOrder;
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

function apply(content: Content, edit: Edit): void {
  if (edit.kind === 'write') content.write(edit.position, edit.bytes);
  else if (edit.kind === 'truncate' || content.length < edit.length) content.truncate(edit.length);
}

function applyTorn(content: Content, edit: Edit, prng: Prng): void {
  for (const torn of tornEdits(edit, content.length, prng)) apply(content, torn);
}

/** All of a change, none of it, or some sectors, now and then with one of them torn inside. */
function tornEdits(edit: Edit, contentLength: number, prng: Prng): Edit[] {
  const fate = prng.below(3);
  if (fate === 0) return [];
  if (fate === 1 || edit.kind !== 'write') return [edit];
  const torn: Edit[] = [];
  let length = contentLength;
  const end = edit.position + edit.bytes.byteLength;
  for (let from = edit.position; from < end; ) {
    const sectorEnd = from - (from % limits.sectorBytes) + limits.sectorBytes;
    const to = Math.min(end, sectorEnd);
    const tornAt = prng.chance(0.1) ? from + prng.below(to - from) : to;
    if (prng.chance(0.5)) {
      const bytes = edit.bytes.subarray(from - edit.position, tornAt - edit.position);
      torn.push({ kind: 'write', position: from, bytes });
      length = Math.max(length, tornAt);
    }
    from = to;
  }
  // The length is metadata of its own: it may arrive without the bytes, which then read as zeros.
  if (length < end && prng.chance(0.2)) torn.push({ kind: 'extend', length: end });
  return torn;
}
