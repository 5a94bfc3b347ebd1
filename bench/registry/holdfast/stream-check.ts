import { channel } from 'node:diagnostics_channel';
import { limits, type Position, parsePosition, type SseBlock, SseParser } from 'holdfast/registry';
import type { StreamCount } from '../messages.ts';

interface Stream {
  readonly parser: SseParser;
  position: Position | undefined;
}

/**
 * Reads along what every watch stream of this process carries, beside the client under measurement. There
 * is one service, so each revision after a stream's beginning has to come, once and in order.
 */
export class StreamCheck {
  readonly #streams = new WeakMap<object, Stream>();
  #changes = 0;
  #outOfOrder = 0;
  #expired = 0;
  #unexplained = 0;

  constructor() {
    channel('undici:request:bodyChunkReceived').subscribe((message) => {
      const { request, chunk } = message as { readonly request: object; readonly chunk: Uint8Array };
      const stream = this.#streams.get(request) ?? begun(request);
      this.#streams.set(request, stream);
      for (const block of stream.parser.push(chunk)) this.#judge(stream, block);
    });
  }

  read(): StreamCount {
    return {
      changes: this.#changes,
      outOfOrder: this.#outOfOrder,
      expired: this.#expired,
      unexplained: this.#unexplained,
    };
  }

  #judge(stream: Stream, { id, event, data }: SseBlock): void {
    const last = stream.position;
    const next = parsePosition(id);
    stream.position = next;
    if (event === 'snapshot') return;
    const steps = next !== undefined && next.epoch === last?.epoch ? next.revision - last.revision : -1;
    if (event !== 'change') {
      if (steps !== 0) this.#unexplained += 1;
      return;
    }
    this.#changes += 1;
    if (data?.includes('"why":"expired"')) this.#expired += 1;
    if (steps !== 1) this.#outOfOrder += 1;
  }
}

/** A stream that resumes stands where the one before it ended. */
function begun(request: object): Stream {
  const { headers } = request as { readonly headers: string | readonly string[] };
  const text = typeof headers === 'string' ? headers : headers.join('\n');
  const from = /last-event-id(?:: |\n)(\S+)/.exec(text)?.[1];
  const position = from === undefined ? undefined : parsePosition(from);
  return { parser: new SseParser(limits.sseLineCharsMax), position };
}
