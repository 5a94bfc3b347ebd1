import { encodeFrame, formatPosition, type WatchFrame } from '../../registry/index.ts';

/** A frame as it goes to every watcher that gets it. */
export interface EncodedFrame {
  readonly key: string;
  readonly bytes: Buffer;
  holders: number;
}

/**
 * The frames that watchers have not taken yet. Whoever gets the same frame gets the same memory, and it
 * counts once, until the last of them has taken it or is gone.
 */
export class FramesUnderWay {
  readonly #frames = new Map<string, EncodedFrame>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** `service` is the one watched. Each hold needs its `release`. */
  hold(frame: WatchFrame, service: string | undefined): EncodedFrame {
    const key = keyOf(frame, service);
    const known = this.#frames.get(key);
    if (known !== undefined) {
      known.holders += 1;
      return known;
    }
    const encoded = { key, bytes: Buffer.from(encodeFrame(frame)), holders: 1 };
    this.#frames.set(key, encoded);
    this.#bytes += encoded.bytes.length;
    return encoded;
  }

  release(frame: EncodedFrame): void {
    frame.holders -= 1;
    if (frame.holders > 0) return;
    this.#frames.delete(frame.key);
    this.#bytes -= frame.bytes.length;
  }
}

/** Frames of the same key are equal: a position stands for one list, and for the change that led there. */
function keyOf(frame: WatchFrame, service: string | undefined): string {
  const key = `${frame.type} ${formatPosition(frame.position)}`;
  return frame.type === 'snapshot' ? `${key} ${frame.warming} ${service ?? ''}` : key;
}
