import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CausalStore, ViewAnswer } from 'holdfast/causal-store';
import { parseAddress } from 'holdfast/link';
import type { ServiceContext } from 'holdfast/service';
import { HoldfastError } from 'holdfast/std';
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
  const change = (address: string, present: boolean, reply: FastifyReply): void => {
    store.changeView(address, present, (answer) => send(reply, answer, present));
  };
  app.put<ViewRoute>('/view', { onRequest: requireKey }, ({ body }, reply) => {
    change(addressIn(body), true, reply);
  });
  app.delete<ViewRoute>('/view', { onRequest: requireKey }, ({ body }, reply) => {
    change(addressIn(body), false, reply);
  });
}

function send(reply: FastifyReply, answer: ViewAnswer, present: boolean): void {
  if (answer.kind === 'refused') refuse(reply, answer);
  else if (answer.kind === 'unsettled') sendUnsettled(reply);
  else if (answer.kind === 'changed' && present) sendJson(reply, 201, '{"result":"added"}');
  else if (answer.kind === 'changed') sendJson(reply, 200, '{"result":"deleted"}');
  else if (present) sendJson(reply, 200, '{"result":"already present"}');
  else sendJson(reply, 404, '{"error":"View has no such replica"}');
}

function addressIn(body: StoreBody | undefined): string {
  const address = fieldOf(body, 'socket-address');
  if (typeof address !== 'string' || !address.isWellFormed()) {
    throw new HoldfastError('invalid_argument', 'Send the replica as {"socket-address":"10.0.0.1:8090"}');
  }
  parseAddress(address);
  return address;
}

function refuse(reply: FastifyReply, { why }: Extract<ViewAnswer, { kind: 'refused' }>): void {
  if (why !== 'too-many') sendRefusal(reply, why);
  else sendJson(reply, 409, '{"error":"The view has as many replicas as it may have: remove one first"}');
}
