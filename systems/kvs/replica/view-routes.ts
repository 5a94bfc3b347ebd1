import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CausalStore, ViewAnswer } from 'holdfast/causal-store';
import type { ServiceContext } from 'holdfast/service';
import { HoldfastError } from 'holdfast/std';
import { addressForm, parseAddress } from './address.ts';
import { sendJson, sendRefusal, sendUnsettled } from './answers.ts';
import { fieldOf, type StoreBody } from './body.ts';

interface ViewRoute {
  readonly Body: StoreBody | undefined;
}

/** Who belongs to the store. Changing it is internal where there is a cluster key. */
export function addViewRoutes(
  app: FastifyInstance,
  store: CausalStore,
  { requireKey }: Pick<ServiceContext, 'requireKey'>,
): void {
  app.get('/view', (_request, reply) => {
    sendJson(reply, 200, JSON.stringify({ view: store.view() }));
  });
  const turns = new Turns();
  const change = (address: string, present: boolean, reply: FastifyReply): void => {
    turns.take(address, (over) => {
      store.changeView(address, present, (answer) => {
        send(reply, answer, address, present);
        over();
      });
    });
  };
  app.put<ViewRoute>('/view', { onRequest: requireKey }, ({ body }, reply) => {
    const address = textIn(body);
    if (parseAddress(address) === undefined) throw noAddress();
    change(address, true, reply);
  });
  app.delete<ViewRoute>('/view', { onRequest: requireKey }, ({ body }, reply) => {
    // Whatever is a member can be taken out, also what could not be added.
    change(textIn(body), false, reply);
  });
}

/**
 * Changes of one address are made one after the other, so that each is told what the one before has left. At
 * most as many wait as the service takes requests at a time; the store answers each within its bound.
 */
class Turns {
  readonly #last = new Map<string, Promise<void>>();

  take(address: string, make: (over: () => void) => void): void {
    const before = this.#last.get(address) ?? Promise.resolve();
    const turn = before.then(() => new Promise<void>(make));
    this.#last.set(address, turn);
    void turn.then(() => {
      if (this.#last.get(address) === turn) this.#last.delete(address);
    });
  }
}

function send(reply: FastifyReply, answer: ViewAnswer, address: string, present: boolean): void {
  if (answer.kind === 'refused') refuse(reply, answer);
  else if (answer.kind === 'unsettled') sendUnsettled(reply);
  else if (answer.kind === 'changed' && present) sendJson(reply, 201, '{"result":"added"}');
  else if (answer.kind === 'changed') sendJson(reply, 200, '{"result":"deleted"}');
  else if (present) sendJson(reply, 200, '{"result":"already present"}');
  else if (parseAddress(address) === undefined) reply.send(noAddress());
  else sendJson(reply, 404, '{"error":"View has no such replica"}');
}

function textIn(body: StoreBody | undefined): string {
  const address = fieldOf(body, 'socket-address');
  if (typeof address !== 'string' || !address.isWellFormed()) {
    throw new HoldfastError('invalid_argument', 'Send the replica as {"socket-address":"10.0.0.1:8090"}');
  }
  return address;
}

function noAddress(): HoldfastError {
  return new HoldfastError('invalid_argument', `A socket address is ${addressForm}`);
}

function refuse(reply: FastifyReply, { why }: Extract<ViewAnswer, { kind: 'refused' }>): void {
  if (why !== 'too-many') sendRefusal(reply, why);
  else sendJson(reply, 409, '{"error":"The view has as many replicas as it may have: remove one first"}');
}
