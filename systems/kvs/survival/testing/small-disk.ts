import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system of its own, in memory, that can really be full. Mounting takes root. */
export class SmallDisk {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'holdfast-kvs-disk-'));

  constructor(mebibytes: number) {
    this.#mount(`size=${mebibytes}m`);
  }

  /** Gives it another size: what is on it stays. */
  resize(mebibytes: number): void {
    this.#mount(`remount,size=${mebibytes}m`);
  }

  remove(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true });
  }

  #mount(options: string): void {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', this.folder]);
  }
}

/** Whether this process may mount. */
export const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
