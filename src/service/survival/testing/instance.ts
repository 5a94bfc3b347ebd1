// An instance of a service in a process of its own, on node:http alone: it answers, fails, resets or dawdles
// as its parent says. Environment: ID, LEDGER, PORT, BEHAVIOUR.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import { ledgerAt } from './ledger.ts';

const { ID = '', LEDGER = '', PORT = '0', BEHAVIOUR = '' } = process.env;
const note = ledgerAt(LEDGER);
let behaviour: Behaviour = JSON.parse(BEHAVIOUR);

const server = createServer((request, response) => {
  const { headers, method = '', url = '' } = request;
  const attempt = Number(headers['x-holdfast-attempt'] ?? 1);
  note({ what: 'seen', by: ID, id: url.slice(url.lastIndexOf('/') + 1), method, attempt });
  request.resume();
  request.once('end', () => obey(behaviour, request, response));
});

function obey(how: Behaviour, request: IncomingMessage, response: ServerResponse): void {
  if (how.does === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  setTimeout(() => response.writeHead(how.status).end(ID), how.delayMs);
}

process.on('message', (message: { readonly turn: number; readonly behaviour: Behaviour }) => {
  behaviour = message.behaviour;
  process.send?.({ type: 'changed', turn: message.turn });
});
process.on('disconnect', () => process.exit());
server.keepAliveTimeout = 60_000;
server.listen(Number(PORT), '127.0.0.1', () => {
  process.send?.({ type: 'listening', port: (server.address() as AddressInfo).port });
});
