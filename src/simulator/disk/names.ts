import type { Prng } from '../../std/index.ts';
import type { DirectoryNode, Inode } from './inode.ts';

interface Rename {
  readonly from: DirectoryNode;
  readonly fromName: string;
  readonly to: DirectoryNode;
  readonly toName: string;
  readonly node: Inode;
}

type NameChange =
  | {
      readonly kind: 'link';
      readonly directory: DirectoryNode;
      readonly name: string;
      readonly node: Inode;
    }
  | {
      readonly kind: 'unlink';
      readonly directory: DirectoryNode;
      readonly name: string;
      readonly node: Inode | undefined;
    }
  | ({ readonly kind: 'rename' } & Rename);

type Numbered = NameChange & { readonly order: number };

/**
 * The names made, changed and removed that no `syncDirectory` has made durable yet. A rename is one change:
 * a power cut keeps the file under its old name or its new one, or, between two folders, under both.
 */
export class NameLog {
  #pending: Numbered[] = [];
  #lastOrder = 0;

  get mark(): number {
    return this.#lastOrder;
  }

  link(directory: DirectoryNode, name: string, node: Inode): void {
    directory.entries.set(name, node);
    this.#add({ kind: 'link', directory, name, node });
  }

  unlink(directory: DirectoryNode, name: string): void {
    const node = directory.entries.get(name);
    directory.entries.delete(name);
    this.#add({ kind: 'unlink', directory, name, node });
  }

  rename(rename: Rename): void {
    rename.from.entries.delete(rename.fromName);
    rename.to.entries.set(rename.toName, rename.node);
    this.#add({ kind: 'rename', ...rename });
  }

  sync(directory: DirectoryNode, mark: number): void {
    const kept: Numbered[] = [];
    for (const change of this.#pending) {
      if (change.order > mark || !touches(change, directory)) {
        kept.push(change);
      } else if (change.kind === 'rename' && change.from !== directory) {
        // The old name goes only with its own folder's sync.
        change.to.durable.set(change.toName, change.node);
        const { from, fromName, node, order } = change;
        kept.push({ kind: 'unlink', directory: from, name: fromName, node, order });
      } else {
        apply(change);
      }
    }
    this.#pending = kept;
  }

  powerCut(prng: Prng): void {
    // A journalling file system keeps a prefix, others any part.
    const prefix = prng.chance(0.5) ? prng.below(this.#pending.length + 1) : -1;
    this.#pending.forEach((change, index) => {
      if (prefix >= 0 ? index < prefix : prng.chance(0.5)) apply(change);
    });
    this.#pending = [];
  }

  #add(change: NameChange): void {
    this.#pending.push({ ...change, order: ++this.#lastOrder });
  }
}

function touches(change: NameChange, directory: DirectoryNode): boolean {
  return change.kind === 'rename'
    ? change.from === directory || change.to === directory
    : change.directory === directory;
}

function apply(change: NameChange): void {
  if (change.kind === 'link') {
    change.directory.durable.set(change.name, change.node);
  } else if (change.kind === 'rename') {
    change.to.durable.set(change.toName, change.node);
    forget(change.from, change.fromName, change.node);
  } else {
    forget(change.directory, change.name, change.node);
  }
}

/**
 * Removes the name if it still, or on the medium, stands for that file: a later one must not go with it.
 */
function forget(directory: DirectoryNode, name: string, node: Inode | undefined): void {
  if (directory.durable.get(name) === node) directory.durable.delete(name);
}
