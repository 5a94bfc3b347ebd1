import type { Page } from './table.ts';

const blockKeysMax = 512;

/**
 * A set of keys in the order of their UTF-16 code units: blocks of at most 512, each sorted. Adding one
 * costs two binary searches and the shifting of half a block.
 */
export class SortedKeys {
  #blocks: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(key: string): void {
    const index = this.#blockOf(key);
    const block = this.#blocks[index];
    if (block === undefined) {
      this.#blocks.push([key]);
      this.#size++;
      return;
    }
    const at = firstFrom(block, key);
    if (block[at] === key) return;
    block.splice(at, 0, key);
    this.#size++;
    if (block.length <= blockKeysMax) return;
    // Keys often come in rising order: the block that is left behind stays full then.
    const half = at === block.length - 1 ? blockKeysMax : blockKeysMax / 2;
    this.#blocks.splice(index + 1, 0, block.splice(half));
  }

  delete(key: string): void {
    const index = this.#blockOf(key);
    const block = this.#blocks[index];
    if (block === undefined) return;
    const at = firstFrom(block, key);
    if (block[at] !== key) return;
    block.splice(at, 1);
    this.#size--;
    if (block.length === 0) this.#blocks.splice(index, 1);
  }

  /** Up to `most` keys that begin with `prefix`, those behind `after`. */
  page(prefix: string, after: string | undefined, most: number): Page {
    const keys: string[] = [];
    const from = after !== undefined && after >= prefix ? after : prefix;
    let index = this.#blockOf(from);
    let at = firstFrom(this.#blocks[index] ?? [], from);
    for (;;) {
      const block = this.#blocks[index];
      if (block === undefined) return { keys, more: false };
      const key = block[at++];
      if (key === undefined) {
        index++;
        at = 0;
      } else if (key !== after) {
        if (!key.startsWith(prefix)) return { keys, more: false };
        if (keys.length === most) return { keys, more: true };
        keys.push(key);
      }
    }
  }

  /** The block that holds the key, or would: the last one when it is behind all of them. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#blocks[middle]?.at(-1) as string;
      if (last < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The first place whose key is not below. */
function firstFrom(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
