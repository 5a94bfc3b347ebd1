import { once } from 'node:events';
import { createServer } from 'node:net';
import { peer } from '../peers.ts';

const { ServiceBroker } = peer('moleculer');
const port = await freePort();
const transporter = { type: 'TCP', options: { udpDiscovery: false, port } };
const broker = new ServiceBroker({ nodeID: 'server', logger: false, transporter });
broker.createService({
  name: 'echo-a',
  actions: { echo: (context: { params: { msg: string } }) => ({ echo: context.params.msg }) },
});
await broker.start();
console.log(`ready ${port}`);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
