import { Client } from 'undici';
import { type ProbeOutcome, limits as registryLimits } from '../../../registry/index.ts';
import { describeError } from '../../../std/index.ts';
import { limits } from './limits.ts';

export const probePath = '/utilities/status';

/**
 * Asks an instance whether it lives: any 2xx, with the whole of its body or as much as is read of one, is a
 * yes. On a connection of its own, so that a process that accepts none any more is noticed, and none is left
 * behind. A redirect is not followed. The result gives it up: `done` is not called then. Who calls it sets
 * the time limit.
 */
export function probe(
  { host, port }: { readonly host: string; readonly port: number },
  done: (outcome: ProbeOutcome) => void,
): () => void {
  const client = new Client(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: limits.probeHeadBytesMax,
    connect: { timeout: registryLimits.probeTimeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const givenUp = new AbortController();
  const end = (): void => {
    // How the connection ends says nothing any more.
    client.destroy().catch(() => {});
  };
  ask(client, givenUp.signal).then((outcome) => {
    end();
    if (!givenUp.signal.aborted) done(outcome);
  });
  return () => {
    givenUp.abort();
    end();
  };
}

async function ask(client: Client, signal: AbortSignal): Promise<ProbeOutcome> {
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path: probePath,
      signal,
      reset: true,
    });
    await body.dump({ limit: limits.probeAnswerBytesMax, signal });
    return statusCode >= 200 && statusCode < 300
      ? { ok: true }
      : { ok: false, why: `it answered ${statusCode}` };
  } catch (error) {
    return { ok: false, why: describeError(error) };
  }
}
