import net from 'node:net';

/**
 * Stands in a network namespace and lets the test in, past all cables: what connects to a socket in the file
 * system, which namespaces do not divide, goes on to a port of the namespace's own loopback. Ends with the
 * test that holds the other end of its standard input.
 */
const [socket = '', port = ''] = process.argv.slice(2);

const server = net.createServer((outer) => {
  const inner = net.connect({ port: Number(port), host: '127.0.0.1' });
  outer.pipe(inner);
  inner.pipe(outer);
  // Whatever breaks one side breaks the other.
  for (const [side, other] of [
    [outer, inner],
    [inner, outer],
  ] as const) {
    side.on('error', () => {});
    side.on('close', () => other.destroy());
  }
});
server.listen(socket, () => console.log('relaying'));
process.stdin.resume().on('end', () => process.exit());
