import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { HoldfastError } from 'holdfast/std';
import { memberText } from './member-text.ts';

type Done = (error: Error | null, body?: unknown) => void;

/** A body of the store's routes: a JSON object, and the text it was. */
export interface StoreBody {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/**
 * Reads bodies as JSON objects, whatever their Content-Type. Keys such as `__proto__` are stored like any
 * other: nothing here is copied from one object into another.
 */
export function readStoreBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes: Buffer, done: Done) => {
    if (bytes.length === 0) {
      done(null, undefined);
      return;
    }
    const parsed = isUtf8(bytes) ? parseObject(bytes.toString('utf8')) : notUtf8;
    if (typeof parsed === 'string') done(new HoldfastError('invalid_argument', parsed));
    else done(null, parsed);
  });
}

const notUtf8 = 'The body is no JSON: it is not valid UTF-8.';

/** What is wrong with it as a sentence, when something is. */
function parseObject(text: string): StoreBody | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `The body is no JSON: ${(error as Error).message.slice(0, 200)}.`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'The body must be a JSON object.';
  }
  return { fields: value as Record<string, unknown>, text };
}

/** What a member of the body is; undefined where there is none, or no body. */
export function fieldOf(body: StoreBody | undefined, name: string): unknown {
  return body !== undefined && Object.hasOwn(body.fields, name) ? body.fields[name] : undefined;
}

/** The value to be stored, as JSON text. */
export function valueIn(body: StoreBody | undefined): string {
  const text = body === undefined ? undefined : memberText(body.text, 'value');
  if (text === undefined) {
    throw new HoldfastError('invalid_argument', 'PUT request does not specify a value');
  }
  // A text of its own: a slice would keep the whole body in memory for as long as the value is there.
  return Buffer.from(text).toString();
}
