import { Exchange, type Sending, type Target, type Verdict } from 'holdfast/calls';
import type { Host } from 'holdfast/host';
import { HoldfastError } from 'holdfast/std';
import type { Blame } from './rules.ts';

/** What a call sends: one line. */
export interface Request {
  readonly number: number;
  readonly idempotent: boolean;
  readonly isPoison: boolean;
  readonly isStreamed: boolean;
}

function formatRequest({ number, idempotent, isPoison, isStreamed }: Request): string {
  return `${number} ${idempotent ? 'i' : '-'}${isPoison ? 'p' : '-'}${isStreamed ? 's' : '-'}\n`;
}

export function parseRequest(line: string): Request {
  const [number, flags = ''] = line.trim().split(' ');
  const [idempotent, isPoison, isStreamed] = [...flags].map((flag) => flag !== '-');
  return {
    number: Number(number),
    idempotent: idempotent === true,
    isPoison: isPoison === true,
    isStreamed: isStreamed === true,
  };
}

/** What comes back: `head` when more follows, then the status and when to come again. */
export function formatAnswer(status: number, retryAfterMs = 0): string {
  return `${status} ${retryAfterMs}\n`;
}

/** What a caller's exchanges have in common. */
export interface Books {
  readonly host: Host;
  readonly blame: Blame;
  readonly pending: Set<SimulatedCall>;
  /** Attempts that the transport has open. */
  open: number;
  succeeded: number;
}

/** A call over one connection an attempt. */
export class SimulatedCall extends Exchange {
  readonly request: Request;
  readonly deadlineMs: number;
  /** The caller was paused meanwhile: nobody could end it in time. */
  paused = false;
  readonly #books: Books;
  #ended = false;

  constructor(books: Books, request: Request, deadlineMs: number) {
    super();
    this.#books = books;
    this.request = request;
    this.deadlineMs = deadlineMs;
  }

  override send(target: Target): SimulatedAttempt {
    return new SimulatedAttempt(this.#books, this.request, target);
  }

  override deliver(sent: Sending): void {
    if (sent instanceof SimulatedAttempt && sent.status === 200) this.#books.succeeded += 1;
    this.#end();
  }

  override fail(): void {
    this.#end();
  }

  #end(): void {
    const { host, blame, pending } = this.#books;
    const lateMs = host.clock.nowMs() - this.deadlineMs;
    const { number } = this.request;
    if (this.#ended) blame.broken('ending', `call ${number} ended twice`);
    if (lateMs > 1 && !this.paused) {
      blame.broken('ending', `call ${number} ended ${lateMs.toFixed(1)} ms after its deadline`);
    }
    this.#ended = true;
    pending.delete(this);
  }
}

class SimulatedAttempt implements Sending {
  status = 0;
  readonly #books: Books;
  readonly #destroy: () => void;
  #isOpen = true;

  constructor(books: Books, request: Request, target: Target) {
    this.#books = books;
    books.open += 1;
    let opened = false;
    let answer = '';
    const connection = books.host.network.connect(target.instance, {
      opened: () => {
        opened = true;
        connection.write(Buffer.from(formatRequest(request)));
      },
      received: (bytes) => {
        if (!this.#isOpen) return;
        answer += Buffer.from(bytes).toString();
        if (answer.startsWith('head\n')) {
          answer = answer.slice('head\n'.length);
          target.committed();
        }
        if (answer.endsWith('\n')) this.#answered(answer, target);
      },
      closed: () => {
        if (!this.#isOpen) return;
        this.#close();
        const error = new HoldfastError('unavailable', 'broken off', { mayHaveExecuted: opened });
        target.settled({ type: 'failed', error });
      },
    });
    this.#destroy = () => connection.destroy();
  }

  abort(): void {
    if (this.#isOpen) this.#close();
  }

  #answered(answer: string, target: Target): void {
    const [status, retryAfterMs] = answer.trim().split(' ').map(Number);
    this.status = status ?? 0;
    this.#close();
    const verdict = verdictOf(this.status);
    target.settled({ type: 'answered', verdict, retryAfterMs: retryAfterMs || undefined });
  }

  #close(): void {
    this.#isOpen = false;
    this.#books.open -= 1;
    this.#destroy();
  }
}

function verdictOf(status: number): Verdict {
  if (status === 200) return 'ok';
  if (status === 429) return 'limited';
  return status === 503 ? 'overloaded' : 'failed';
}
