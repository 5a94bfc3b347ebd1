import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../std/index.ts';

type Done = (error: Error | null, body?: unknown) => void;

/**
 * Reads every body as JSON, whatever its Content-Type says, for every method that may carry one (GET
 * and DELETE may, HEAD and TRACE not). No body is `undefined`. Keys that could reach a prototype are
 * refused.
 */
export function readBodiesAsJson(app: FastifyInstance): void {
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  const parseSafely = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done: Done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    if (!isUtf8(body)) {
      done(new HoldfastError('invalid_argument', 'The body is no JSON: it is not valid UTF-8.'));
      return;
    }
    const text = body.toString('utf8');
    parseSafely(request, text, (error, value) => {
      if (error === null) done(null, value);
      else done(new HoldfastError('invalid_argument', whyNot(text)));
    });
  });
}

/** Found out only now: the safe parser does not tell. */
function whyNot(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return `The body is no JSON: ${(error as Error).message.slice(0, 200)}.`;
  }
  return 'The body has a key that is not accepted: __proto__, or constructor with a prototype.';
}
