import type { FastifyReply } from 'fastify';
import type { StoreAnswer } from 'holdfast/causal-store';
import { unreachable } from 'holdfast/std';
import { limits } from './limits.ts';

const jsonType = 'application/json; charset=utf-8';

/** JSON that is text already. */
export function sendJson(reply: FastifyReply, status: number, json: string): void {
  reply.code(status).header('content-type', jsonType).send(json);
}

const texts = {
  missing: '"error":"Key does not exist"',
  uncovered: '{"error":"Causal dependencies not satisfied; try again later"}',
  full: '{"error":"The disk is full: nothing was changed; reads go on. Make room, or try again later"}',
  unsettled: '{"error":"The disk has not taken it in time: whether it takes effect is not known"}',
  busy: '{"error":"Too much is on its way to the disk: nothing was changed; try again later"}',
} as const;

/** Answers of the store as HTTP. Where there is one store only, they carry no metadata. */
export class Answers {
  readonly isReplicated: boolean;

  constructor(options: { readonly isReplicated: boolean }) {
    this.isReplicated = options.isReplicated;
  }

  send(reply: FastifyReply, answer: StoreAnswer): void {
    switch (answer.kind) {
      case 'found':
        this.#carry(reply, 200, `"result":"found","value":${answer.value}`, answer.token);
        return;
      case 'absent':
        this.#carry(reply, 404, texts.missing, answer.token);
        return;
      case 'created':
      case 'replaced':
      case 'deleted':
        this.#written(reply, answer);
        return;
      case 'uncovered':
        sendLater(reply, 503, limits.retryAfterS, texts.uncovered);
        return;
      case 'unsettled':
        sendUnsettled(reply);
        return;
      case 'refused':
        sendRefusal(reply, answer.why);
        return;
      default:
        unreachable(answer);
    }
  }

  /** `next`: where the next page begins, behind it. */
  sendPage(reply: FastifyReply, keys: readonly string[], next: string | null, token: string): void {
    this.#carry(reply, 200, `"keys":${JSON.stringify(keys)},"next":${JSON.stringify(next)}`, token);
  }

  #written(reply: FastifyReply, answer: Extract<StoreAnswer, { isReplicated: boolean }>): void {
    const { kind, isReplicated, token } = answer;
    const result = `"result":"${kind}"`;
    if (isReplicated) this.#carry(reply, kind === 'created' ? 201 : 200, result, token);
    else this.#carry(reply, 202, `${result},"replication":"unconfirmed"`, token);
  }

  /** A token is of letters, digits, - and _: it needs no escaping. */
  #carry(reply: FastifyReply, status: number, members: string, token: string): void {
    sendJson(
      reply,
      status,
      this.isReplicated ? `{${members},"causal-metadata":"${token}"}` : `{${members}}`,
    );
  }
}

/** Nothing was changed. */
export function sendRefusal(reply: FastifyReply, why: 'full' | 'busy'): void {
  if (why === 'full') sendLater(reply, 507, limits.fullRetryAfterS, texts.full);
  else sendLater(reply, 503, limits.retryAfterS, texts.busy);
}

/** It may still be done: not an answer after which to ask again as if nothing had happened. */
export function sendUnsettled(reply: FastifyReply): void {
  sendJson(reply, 504, texts.unsettled);
}

function sendLater(reply: FastifyReply, status: number, retryAfterS: number, json: string): void {
  reply.header('retry-after', String(retryAfterS));
  sendJson(reply, status, json);
}
