/**
 * The credit of one stream, both ways. Its writer may send what its reader has granted: the window at
 * first, then what was consumed. What was taken from the user above that waits here.
 *
 * Invariant: sent and not consumed is never more than the window, on an honest peer's stream.
 */
export class Flow {
  readonly #sendWindowBytes: number;
  /** How much may wait, however large a window the peer grants. */
  readonly #waitingBytesMax: number;
  readonly #receiveWindowBytes: number;
  #credit: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Received and not consumed. */
  #unconsumed = 0;
  /** Consumed and not granted again. */
  #ungranted = 0;

  constructor(sendWindowBytes: number, receiveWindowBytes: number) {
    this.#sendWindowBytes = sendWindowBytes;
    this.#waitingBytesMax = receiveWindowBytes;
    this.#receiveWindowBytes = receiveWindowBytes;
    this.#credit = sendWindowBytes;
  }

  /** Whether another write is taken: the credit is not used up by what waits already. */
  get accepts(): boolean {
    return this.#waitingBytes < Math.min(this.#credit, this.#waitingBytesMax);
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether there is something that may be sent now. */
  get sendable(): boolean {
    return this.#waitingBytes > 0 && this.#credit > 0;
  }

  get unconsumedBytes(): number {
    return this.#unconsumed;
  }

  put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** The next bytes to send: of one write, within the credit, at most `bytesMax`. */
  take(bytesMax: number): Uint8Array {
    const first = this.#waiting[0] ?? new Uint8Array(0);
    const bytes = first.subarray(0, Math.min(bytesMax, this.#credit));
    if (bytes.length === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(bytes.length);
    this.#waitingBytes -= bytes.length;
    this.#credit -= bytes.length;
    return bytes;
  }

  /** False when the reader grants more than there ever was. */
  granted(byteCount: number): boolean {
    this.#credit += byteCount;
    return this.#credit <= this.#sendWindowBytes;
  }

  /** False when the writer sends more than it may. */
  received(byteCount: number): boolean {
    this.#unconsumed += byteCount;
    return this.#unconsumed + this.#ungranted <= this.#receiveWindowBytes;
  }

  /** What to grant now, 0 for nothing yet: a quarter of the window at a time keeps grants few. */
  consumed(byteCount: number): number {
    this.#unconsumed -= byteCount;
    this.#ungranted += byteCount;
    if (this.#ungranted < this.#receiveWindowBytes / 4) return 0;
    const grant = this.#ungranted;
    this.#ungranted = 0;
    return grant;
  }

  /** Nothing that waits will be sent. */
  clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
