import { FileDestination, type LogDestination, standardOutput, writeTo } from './destination.ts';
import type { LogFields, LogLevel } from './fields.ts';
import { JsonLines } from './json.ts';
import { textFields, textLine } from './text.ts';

export type LogFormat = 'text' | 'json';

/**
 * Lines of a service. A line is fields in their order, perhaps with a phrase that leads them:
 * `log.info('calling', { service: 'A', endpoint: '/echo' })` writes
 * `service=B calling service=A endpoint=/echo`. A phrase is a few plain words of the program; what users
 * wrote belongs into fields. An Error is shown with its causes; fields named like secrets are not shown.
 */
export interface Logger {
  /** Whether lines of this level are written. Ask before work that only the line needs. */
  enables(level: LogLevel): boolean;
  debug(fields: LogFields): void;
  debug(phrase: string, fields?: LogFields): void;
  info(fields: LogFields): void;
  info(phrase: string, fields?: LogFields): void;
  warn(fields: LogFields): void;
  warn(phrase: string, fields?: LogFields): void;
  error(fields: LogFields): void;
  error(phrase: string, fields?: LogFields): void;
  /** The process is about to end because of this. */
  fatal(fields: LogFields): void;
  fatal(phrase: string, fields?: LogFields): void;
  /** A logger whose lines all carry these fields too, after those of this one. */
  child(fields: LogFields): Logger;
  /** Done when all lines so far have left, or after a bounded time. */
  flush(): Promise<void>;
}

export interface LoggerOptions {
  readonly format: LogFormat;
  /** The least grave level that is written. */
  readonly level: LogLevel;
  /** Leads each line as `service=...`. */
  readonly service?: string | undefined;
  /** Takes each line with its line feed; by default they go to standard output, in the background. */
  readonly write?: ((line: string) => void) | undefined;
  /** The trace the current request belongs to; JSON lines carry it. */
  readonly traceId?: (() => string | undefined) | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly wallMs?: (() => number) | undefined;
}

export function createLogger(options: LoggerOptions): Logger {
  const wallMs = options.wallMs ?? Date.now;
  const destination = options.write === undefined ? standardOutput() : writeTo(options.write);
  const lines: Lines =
    options.format === 'json'
      ? JsonLines.create({ destination, wallMs, traceId: options.traceId ?? (() => undefined) })
      : new TextLines(destination, wallMs, '');
  const root = new LevelLogger(lines, weights[options.level], destination);
  const log = options.service === undefined ? root : root.child({ service: options.service });
  if (destination instanceof FileDestination) {
    destination.onDropped = (count) =>
      log.warn({ error: 'Log lines were dropped: nobody takes them.', count });
  }
  return log;
}

const weights: Readonly<Record<LogLevel, number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
};

const noFields: LogFields = {};

interface Lines {
  write(level: Exclude<LogLevel, 'silent'>, phrase: string, fields: LogFields): void;
  child(fields: LogFields): Lines;
}

class TextLines implements Lines {
  readonly #destination: LogDestination;
  readonly #wallMs: () => number;
  readonly #bound: string;

  constructor(destination: LogDestination, wallMs: () => number, bound: string) {
    this.#destination = destination;
    this.#wallMs = wallMs;
    this.#bound = bound;
  }

  write(level: LogLevel, phrase: string, fields: LogFields): void {
    this.#destination.write(textLine(this.#wallMs(), level, this.#bound, phrase, fields));
  }

  child(fields: LogFields): Lines {
    return new TextLines(this.#destination, this.#wallMs, this.#bound + textFields(fields));
  }
}

type Phrase = string | LogFields;

class LevelLogger implements Logger {
  readonly #lines: Lines;
  readonly #weightMin: number;
  readonly #destination: LogDestination;

  constructor(lines: Lines, weightMin: number, destination: LogDestination) {
    this.#lines = lines;
    this.#weightMin = weightMin;
    this.#destination = destination;
  }

  enables(level: LogLevel): boolean {
    return weights[level] >= this.#weightMin && level !== 'silent';
  }

  debug(phrase: Phrase, fields?: LogFields): void {
    if (this.#weightMin <= weights.debug) this.#write('debug', phrase, fields);
  }

  info(phrase: Phrase, fields?: LogFields): void {
    if (this.#weightMin <= weights.info) this.#write('info', phrase, fields);
  }

  warn(phrase: Phrase, fields?: LogFields): void {
    if (this.#weightMin <= weights.warn) this.#write('warn', phrase, fields);
  }

  error(phrase: Phrase, fields?: LogFields): void {
    if (this.#weightMin <= weights.error) this.#write('error', phrase, fields);
  }

  fatal(phrase: Phrase, fields?: LogFields): void {
    if (this.#weightMin <= weights.fatal) this.#write('fatal', phrase, fields);
  }

  child(fields: LogFields): Logger {
    return new LevelLogger(this.#lines.child(fields), this.#weightMin, this.#destination);
  }

  flush(): Promise<void> {
    return this.#destination.flush();
  }

  #write(level: Exclude<LogLevel, 'silent'>, phrase: Phrase, fields: LogFields | undefined): void {
    if (typeof phrase === 'string') this.#lines.write(level, phrase, fields ?? noFields);
    else this.#lines.write(level, '', phrase);
  }
}
