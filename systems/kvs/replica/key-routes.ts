import type { FastifyInstance } from 'fastify';
import type { CausalStore } from 'holdfast/causal-store';
import { HoldfastError } from 'holdfast/std';
import type { Answers } from './answers.ts';
import { checkKey, copiesOf, tokenIn } from './asked.ts';
import { type StoreBody, valueIn } from './body.ts';
import { limits } from './limits.ts';

interface KeyRoute {
  readonly Params: { readonly key: string };
  readonly Body: StoreBody | undefined;
}

interface ListRoute {
  readonly Querystring: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly Body: StoreBody | undefined;
}

/**
 * The routes of keys. Handlers return nothing: the store calls back, for a read that is covered at once, and
 * no promise stands between. Of several mistakes a request is told the first of: the body is no JSON object;
 * the key; the value is missing; copies.
 */
export function addKeyRoutes(app: FastifyInstance, store: CausalStore, answers: Answers): void {
  // Where there is one store only, metadata means nothing.
  const tokenOf = answers.isReplicated ? tokenIn : () => '';
  app.get<KeyRoute>('/kvs/:key', ({ params, body, headers }, reply) => {
    const ask = { key: checkKey(params.key), token: tokenOf(body, headers) };
    store.get(ask, (answer) => answers.send(reply, answer));
  });
  app.put<KeyRoute>('/kvs/:key', ({ params, body, headers }, reply) => {
    const ask = {
      key: checkKey(params.key),
      value: valueIn(body),
      copies: copiesOf(body, headers, store.members),
      token: tokenOf(body, headers),
    };
    store.put(ask, (answer) => answers.send(reply, answer));
  });
  app.delete<KeyRoute>('/kvs/:key', ({ params, body, headers }, reply) => {
    const ask = {
      key: checkKey(params.key),
      copies: copiesOf(body, headers, store.members),
      token: tokenOf(body, headers),
    };
    store.delete(ask, (answer) => answers.send(reply, answer));
  });
  app.get<ListRoute>('/kvs', ({ query, body, headers }, reply) => {
    const prefix = oneText(query.prefix, 'prefix') ?? '';
    const after = oneText(query.after, 'after');
    const limit = limitIn(oneText(query.limit, 'limit'));
    // No key is empty: this asks only whether the token is covered, and waits for that like any read.
    store.get({ key: '', token: tokenOf(body, headers) }, (answer) => {
      if (!('token' in answer)) {
        answers.send(reply, answer);
        return;
      }
      const { keys, more } = store.page(prefix, after, limit);
      answers.sendPage(reply, keys, more ? (keys.at(-1) ?? null) : null, answer.token);
    });
  });
}

function oneText(given: string | readonly string[] | undefined, name: string): string | undefined {
  if (given === undefined || typeof given === 'string') return given;
  throw new HoldfastError('invalid_argument', `Say ${name} once`);
}

function limitIn(text: string | undefined): number {
  if (text === undefined) return limits.pageKeys;
  const limit = Number(text);
  if (/^\d{1,5}$/.test(text) && limit >= 1 && limit <= limits.pageKeysMax) return limit;
  throw new HoldfastError(
    'invalid_argument',
    `limit must be a whole number from 1 to ${limits.pageKeysMax}`,
  );
}
