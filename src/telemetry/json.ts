import { createRequire } from 'node:module';
import type { Logger as Pino } from 'pino';
import type { LogDestination } from './destination.ts';
import { type LogFields, type LogLevel, shown } from './fields.ts';

export interface JsonLinesOptions {
  readonly destination: LogDestination;
  readonly wallMs: () => number;
  /** The trace the line belongs to, as 32 hex digits. */
  readonly traceId: () => string | undefined;
}

/** Names a line has of its own: a field may not write them a second time. */
const reserved = ['time', 'level', 'event', 'trace_id'];

/**
 * Lines of JSON, written by pino:
 * `{"level":"INFO","time":"2026-02-03T19:19:40.123Z","service":"B","event":"calling"}`.
 * A field that the line has already, such as the `service` that B calls, is written as
 * `<phrase>_<name>`: no reader has to choose of two.
 */
export class JsonLines {
  readonly #pino: Pino;
  readonly #options: JsonLinesOptions;
  readonly #bound: ReadonlySet<string>;

  private constructor(to: Pino, options: JsonLinesOptions, bound: ReadonlySet<string>) {
    this.#pino = to;
    this.#options = options;
    this.#bound = bound;
  }

  static create(options: JsonLinesOptions): JsonLines {
    // Loaded only by services that log JSON: it takes 8 MB.
    const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
    const to = pino(
      {
        base: null,
        level: 'debug',
        timestamp: () => `,"time":"${new Date(options.wallMs()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label.toUpperCase() }) },
        serializers: {},
      },
      options.destination,
    );
    return new JsonLines(to, options, new Set(reserved));
  }

  write(level: Exclude<LogLevel, 'silent'>, phrase: string, fields: LogFields): void {
    const line: Record<string, unknown> = {};
    if (phrase !== '') line.event = phrase;
    this.#addTo(line, phrase, fields);
    const traceId = this.#options.traceId();
    if (traceId !== undefined) line.trace_id = traceId;
    this.#pino[level](line);
  }

  child(fields: LogFields): JsonLines {
    const bound: Record<string, unknown> = {};
    this.#addTo(bound, '', fields);
    return new JsonLines(
      this.#pino.child(bound),
      this.#options,
      new Set([...this.#bound, ...Object.keys(bound)]),
    );
  }

  #addTo(line: Record<string, unknown>, phrase: string, fields: LogFields): void {
    for (const name of Object.keys(fields)) {
      const value = shown(name, fields[name]);
      if (value === undefined) continue;
      const free = this.#bound.has(name) ? `${phrase === '' ? 'field' : phrase}_${name}` : name;
      line[free] = typeof value === 'bigint' ? String(value) : value;
    }
  }
}
