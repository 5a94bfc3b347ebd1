import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

/**
 * The smallest service that `up` can run, for the tests of the command line: it speaks the IPC protocol and
 * nothing of the platform. `MODE` makes it misbehave: crash, garish (it crashes with a terminal's control
 * characters), slow, chatty, stubborn (neither SIGTERM nor the loss of `up` ends it), deaf (only SIGTERM
 * does), parent (it leaves a child behind), late (a registry lists it a while after it is ready), unlisted
 * (none ever does).
 */
const { HOST = '127.0.0.1', PORT = '0', MODE = '', HOLDFAST_INSTANCE = 'fixture' } = process.env;
const port = Number(PORT);
const incarnation = `${HOLDFAST_INSTANCE}-${process.pid}`;
const stubborn = MODE === 'stubborn';

const announced = MODE === 'late' || MODE === 'unlisted';

const say = (state: 'starting' | 'ready' | 'draining', listed = false): void => {
  process.send?.({ type: 'state', state, port, incarnation, ...(announced ? { listed } : {}) });
};

if (MODE === 'garish') throw new Error('no \u001b[2Jdisk');
if (MODE === 'crash') throw new Error(`no disk for ${HOLDFAST_INSTANCE}`);

const server = createServer((request, response) => {
  console.log(`INFO request ${request.url}`);
  if (request.url?.startsWith('/_holdfast/calls')) {
    response.end(JSON.stringify({ upstreams: [] }));
    return;
  }
  const { PATH: _, ...env } = process.env;
  response.end(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), env }));
});
say('starting');
server.listen(port, HOST, () => {
  if (MODE !== 'slow') say('ready');
  console.log(`INFO listening port=${port}`);
});
if (MODE === 'late') {
  setTimeout(() => {
    console.log('INFO listed');
    say('ready', true);
  }, 1000);
}
if (MODE === 'parent') console.log(`INFO child pid=${spawn('sleep', ['60']).pid}`);
if (MODE === 'chatty') setInterval(() => console.log(`INFO ünï\u001b[2Jcode ${'x'.repeat(1000)}`), 10);

const drain = (): void => {
  if (stubborn) return;
  say('draining');
  console.log('INFO draining');
  server.close(() => process.exit(0));
  server.closeAllConnections();
};
process.on('SIGTERM', drain);
if (MODE !== 'deaf') process.on('disconnect', drain);
