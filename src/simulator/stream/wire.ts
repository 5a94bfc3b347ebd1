import type { Event } from '../timeline.ts';
import type { Segment } from './segment.ts';

/** What an endpoint needs of the machine it is on. */
export interface Wire {
  readonly nowMs: () => number;
  readonly silenceMsMax: () => number;
  readonly send: (segment: Omit<Segment, 'connection' | 'toAcceptor' | 'port'>) => void;
  /** The operating system's own timer: it goes on while the process is paused. */
  readonly after: (delayMs: number, run: () => void) => Event;
  /** How many of `length` bytes go into the next packet. */
  readonly cut: (length: number) => number;
  /** An accepted connection stands. */
  readonly accepted: () => void;
  /** Nothing more arrives for it: forget it, or, when it ended in peace, linger for its peer's sake. */
  readonly leave: (linger: boolean) => void;
}

/** Runs a callback of the program's as an event of its process, in the order of posting. */
export type Post = (run: () => void) => void;
