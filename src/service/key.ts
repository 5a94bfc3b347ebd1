import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { onRequestHookHandler } from 'fastify';
import { HoldfastError, keyHeader } from '../std/index.ts';

/**
 * Guards internal endpoints, as a route's `onRequest` hook:
 * `app.put('/internal', { onRequest: requireKey }, ...)`. Without a cluster key everybody passes. The
 * time it takes says nothing about the key.
 */
export function keyGuard(clusterKey: string | undefined): onRequestHookHandler {
  const isAllowed = keyCheck(clusterKey);
  return (request, _reply, done) => {
    if (isAllowed(request.headers)) {
      done();
      return;
    }
    const text = `This endpoint is internal: send the cluster key in the header ${keyHeader}.`;
    done(new HoldfastError('unauthenticated', text));
  };
}

function keyCheck(clusterKey: string | undefined): (headers: IncomingHttpHeaders) => boolean {
  if (clusterKey === undefined) return () => true;
  const expected = digest(clusterKey);
  return (headers) => {
    const given = headers[keyHeader];
    return typeof given === 'string' && timingSafeEqual(digest(given), expected);
  };
}

/** Equal lengths, whatever is sent. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
