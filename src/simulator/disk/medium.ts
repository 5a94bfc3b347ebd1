import type { DiskFailure } from '../../host/index.ts';
import type { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { DirectoryNode, FileNode, type Inode } from './inode.ts';
import { NameLog } from './names.ts';
import { baseName, pathParts } from './path.ts';

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: DiskFailure };

/** A copy of what was on a disk, to put back later. */
export class DiskImage {
  /** Virtual time at which it was made. */
  readonly takenMs: number;
  readonly #root: DirectoryNode;

  constructor(root: DirectoryNode, takenMs: number) {
    this.#root = root.durableCopy();
    this.takenMs = takenMs;
  }

  root(): DirectoryNode {
    return this.#root.durableCopy();
  }
}

/** The disk of one machine: a tree of files and folders. Every operation takes effect at once and whole. */
export class Medium {
  #root = new DirectoryNode();
  #names = new NameLog();
  /** Nothing new fits: files cannot grow, gaps in them not be filled, and names not be made. */
  full = false;
  /** Files without a name that may still be open: they keep their room as long as they are. */
  readonly #nameless = new Set<FileNode>();
  /** Virtual time at which an operation last failed by chance. */
  failedUs = Number.NEGATIVE_INFINITY;
  /** Operations that have begun and not taken effect; a power cut lets some of them. */
  readonly underWay = new Set<() => void>();

  makeDirectory(path: string): Outcome<void> {
    let directory = this.#root;
    const parts = pathParts(path);
    for (const [index, name] of parts.entries()) {
      const node = directory.entries.get(name);
      if (node === undefined) {
        if (this.full) return failure('full', 'The disk is full.');
        const made = new DirectoryNode();
        this.#names.link(directory, name, made);
        directory = made;
      } else if (node.kind === 'directory') {
        directory = node;
      } else if (index === parts.length - 1) {
        return failure('exists', `${path} is a file.`);
      } else {
        return failure('not-a-directory', `${path} goes through a file.`);
      }
    }
    return success(undefined);
  }

  list(path: string): Outcome<readonly string[]> {
    const found = this.#directory(path);
    return found.ok ? success([...found.value.entries.keys()]) : found;
  }

  open(path: string, create: boolean): Outcome<FileNode> {
    const found = this.#parent(path);
    if (!found.ok) return found;
    const name = baseName(path);
    const node = name === undefined ? found.value : found.value.entries.get(name);
    if (node?.kind === 'directory') return failure('denied', `${path} is a folder.`);
    if (node !== undefined) return success(node);
    if (!create || name === undefined) return failure('not-found', `There is no ${path}.`);
    if (this.full) return failure('full', 'The disk is full.');
    const made = new FileNode();
    this.#names.link(found.value, name, made);
    return success(made);
  }

  rename(from: string, to: string): Outcome<void> {
    const source = this.#parent(from);
    const target = this.#parent(to);
    if (!source.ok) return source;
    if (!target.ok) return target;
    const fromName = baseName(from);
    const toName = baseName(to);
    const node = fromName === undefined ? undefined : source.value.entries.get(fromName);
    if (fromName === undefined || toName === undefined || node === undefined) {
      return failure('not-found', `There is no ${from}.`);
    }
    const old = target.value.entries.get(toName);
    if (old === node) return success(undefined);
    if (isInside(target.value, node)) return failure('io', `${to} is inside ${from}.`);
    const obstacle = inTheWay(node, old, to);
    if (obstacle !== undefined) return { ok: false, failure: obstacle };
    this.#loseName(old);
    this.#names.rename({ from: source.value, fromName, to: target.value, toName, node });
    return success(undefined);
  }

  /** A file, or an empty folder. */
  remove(path: string): Outcome<void> {
    const found = this.#parent(path);
    if (!found.ok) return found;
    const name = baseName(path);
    const node = name === undefined ? undefined : found.value.entries.get(name);
    if (name === undefined || node === undefined) return failure('not-found', `There is no ${path}.`);
    if (node.kind === 'directory' && node.entries.size > 0)
      return failure('exists', `${path} is not empty.`);
    this.#loseName(node);
    this.#names.unlink(found.value, name);
    return success(undefined);
  }

  get usedBlocks(): number {
    this.#forgetClosed();
    const files = [...filesUnder(this.#root, '').map(([, file]) => file), ...this.#nameless];
    return files.reduce((sum, file) => sum + file.cached.blocks, 0);
  }

  directory(path: string): Outcome<DirectoryNode> {
    return this.#directory(path);
  }

  /** Marks the names made and removed up to now, for a sync that begins here. */
  get namesMark(): number {
    return this.#names.mark;
  }

  syncNames(directory: DirectoryNode, mark: number): void {
    this.#names.sync(directory, mark);
  }

  powerCut(prng: Prng): void {
    for (const takeEffect of this.underWay) if (prng.chance(0.5)) takeEffect();
    this.underWay.clear();
    this.#nameless.clear();
    this.#names.powerCut(prng);
    this.#root.powerCut(prng);
  }

  /** Flips a few bits in one sector of one file. Says where; undefined when no file holds a byte. */
  corrupt(prng: Prng): { readonly path: string; readonly sector: number } | undefined {
    const files = filesUnder(this.#root, '').filter(([, file]) => file.cached.length > 0);
    const chosen = files[prng.below(files.length)];
    if (chosen === undefined) return undefined;
    const [path, file] = chosen;
    const position = prng.below(file.cached.length);
    const sector = position - (position % limits.sectorBytes);
    const flips = 1 + prng.below(8);
    for (let flip = 0; flip < flips; flip++) {
      file.corrupt(sector + prng.below(limits.sectorBytes), 1 << prng.below(8));
    }
    // At least one of them lies inside the file.
    file.corrupt(position, 1 << prng.below(8));
    return { path, sector };
  }

  image(nowMs: number): DiskImage {
    return new DiskImage(this.#root, nowMs);
  }

  /** Puts an earlier copy in the disk's place, or an empty disk. */
  replace(image: DiskImage | undefined): void {
    this.#root = image === undefined ? new DirectoryNode() : image.root();
    this.#names = new NameLog();
    this.#nameless.clear();
    this.underWay.clear();
  }

  #loseName(node: Inode | undefined): void {
    this.#forgetClosed();
    if (node?.kind === 'file') this.#nameless.add(node);
  }

  #forgetClosed(): void {
    for (const file of this.#nameless) if (!file.isOpen) this.#nameless.delete(file);
  }

  #directory(path: string): Outcome<DirectoryNode> {
    return this.#walk(pathParts(path), path);
  }

  #parent(path: string): Outcome<DirectoryNode> {
    return this.#walk(pathParts(path).slice(0, -1), path);
  }

  #walk(parts: readonly string[], path: string): Outcome<DirectoryNode> {
    let directory = this.#root;
    for (const name of parts) {
      const node = directory.entries.get(name);
      if (node === undefined) return failure('not-found', `There is no ${path}.`);
      if (node.kind === 'file') return failure('not-a-directory', `${name} in ${path} is a file.`);
      directory = node;
    }
    return success(directory);
  }
}

function inTheWay(node: Inode, old: Inode | undefined, to: string): DiskFailure | undefined {
  if (old === undefined) return undefined;
  if (old.kind === 'file') {
    return node.kind === 'file' ? undefined : { kind: 'not-a-directory', message: `${to} is a file.` };
  }
  if (node.kind === 'file') return { kind: 'denied', message: `${to} is a folder.` };
  return old.entries.size === 0 ? undefined : { kind: 'exists', message: `${to} is not empty.` };
}

function isInside(directory: DirectoryNode, node: Inode): boolean {
  if (node.kind === 'file') return false;
  if (directory === node) return true;
  return [...node.entries.values()].some((child) => isInside(directory, child));
}

function filesUnder(directory: DirectoryNode, path: string): [string, FileNode][] {
  return [...directory.entries].flatMap(([name, node]): [string, FileNode][] =>
    node.kind === 'file' ? [[`${path}/${name}`, node]] : filesUnder(node, `${path}/${name}`),
  );
}

function success<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

function failure(kind: DiskFailure['kind'], message: string): { ok: false; failure: DiskFailure } {
  return { ok: false, failure: { kind, message } };
}
