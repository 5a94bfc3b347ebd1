import type { DiskFailure, DiskFile, Done } from '../../host/index.ts';
import { assert } from '../../std/index.ts';
import type { DiskActions, Nature } from './actions.ts';
import type { FileNode } from './inode.ts';
import type { Outcome } from './medium.ts';

/** An open file. As on the real host it closes behind the last operation under way. */
export class SimulatedDiskFile implements DiskFile {
  readonly #path: string;
  readonly #node: FileNode;
  readonly #writeThrough: boolean;
  readonly #actions: DiskActions;
  #underWay = 0;
  #closed = false;
  #closing: (() => void) | undefined;

  constructor(
    handle: { readonly path: string; readonly node: FileNode; readonly writeThrough: boolean },
    actions: DiskActions,
  ) {
    this.#path = handle.path;
    this.#node = handle.node;
    this.#writeThrough = handle.writeThrough;
    this.#actions = actions;
    this.#node.handles.set(this, actions);
  }

  size(done: Done<number>): void {
    this.#act('size', 'read', () => ({ ok: true, value: this.#node.cached.length }), done);
  }

  read(position: number, length: number, done: Done<Uint8Array>): void {
    assertOffset(position);
    assertOffset(length);
    const read = (): Outcome<Uint8Array> => ({ ok: true, value: this.#node.cached.read(position, length) });
    this.#act(`read ${position}+${length}`, 'read', read, done);
  }

  write(position: number, bytes: Uint8Array, done: Done<void>): void {
    assertOffset(position);
    let order = 0;
    const write = (): Outcome<void> => {
      if (!this.#hasRoom(position, bytes.byteLength)) {
        // What room there is it takes.
        this.#writePart(position, this.#actions.freeBlocks > 0 ? bytes : this.#somePart(bytes));
        return { ok: false, failure: { kind: 'full', message: 'The disk is full.' } };
      }
      if (bytes.byteLength > 0) order = this.#node.write(position, bytes);
      return { ok: true, value: undefined };
    };
    // Durable from its completion on: until then a power cut tears it as any other.
    const completed: Done<void> = (outcome) => {
      if (this.#writeThrough && outcome.ok) this.#node.settle(order);
      done(outcome);
    };
    const what = `write ${position}+${bytes.byteLength}`;
    this.#act(what, 'room', write, completed, () => {
      const written = this.#writePart(position, this.#somePart(bytes));
      // As after a failed sync: it may be seen, and yet not be on the medium, nor ever come there.
      if (this.#writeThrough) this.#node.tear(written, this.#actions.prng);
    });
  }

  truncate(length: number, done: Done<void>): void {
    assertOffset(length);
    const truncate = (): Outcome<void> => {
      this.#node.truncate(length);
      return { ok: true, value: undefined };
    };
    this.#act(`truncate ${length}`, 'change', truncate, done);
  }

  sync(done: Done<void>): void {
    const mark = this.#node.mark;
    const sync = (): Outcome<void> => {
      this.#node.sync(mark);
      return { ok: true, value: undefined };
    };
    this.#act('sync', 'sync', sync, done, () => this.#node.failSync(mark, this.#actions.prng));
  }

  close(done: Done<void>): void {
    if (this.#closed) {
      this.#actions.report(done, { ok: false, failure: closedFailure });
      return;
    }
    this.#closed = true;
    this.#closing = () => {
      this.#node.handles.delete(this);
      this.#actions.report(done, { ok: true, value: undefined });
    };
    if (this.#underWay === 0) this.#closing();
  }

  #act<T>(what: string, nature: Nature, effect: () => Outcome<T>, done: Done<T>, spoil?: () => void): void {
    if (this.#closed) {
      this.#actions.report(done, { ok: false, failure: closedFailure });
      return;
    }
    this.#underWay++;
    const settle: Done<T> = (outcome) => {
      this.#underWay--;
      if (this.#underWay === 0) this.#closing?.();
      done(outcome);
    };
    this.#actions.act(`${this.#path} ${what}`, nature, effect, settle, spoil);
  }

  /** Without any left, what was written can be written over, unless that is done in another place. */
  #hasRoom(position: number, length: number): boolean {
    const { freeBlocks, copiesOnWrite } = this.#actions;
    if (length === 0 || freeBlocks === Number.POSITIVE_INFINITY) return true;
    if (freeBlocks === 0 && copiesOnWrite) return false;
    return this.#node.roomAt(position, length, freeBlocks) === length;
  }

  #somePart(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, this.#actions.prng.below(bytes.byteLength + 1));
  }

  /** As far as there is room. Returns the order of the change; 0 when nothing was written. */
  #writePart(position: number, bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.#node.roomAt(position, bytes.byteLength, this.#actions.freeBlocks));
    return part.byteLength === 0 ? 0 : this.#node.write(position, part);
  }
}

const closedFailure: DiskFailure = { kind: 'closed', message: 'The file is closed.' };

function assertOffset(offset: number): void {
  assert(Number.isSafeInteger(offset) && offset >= 0, 'an offset in a file is a whole number from 0');
}
