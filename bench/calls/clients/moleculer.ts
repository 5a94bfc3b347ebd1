import { check, loop } from '../loop.ts';
import { peer } from '../peers.ts';

const { ServiceBroker } = peer('moleculer');
const urls = [`127.0.0.1:${process.argv[2]}/server`];
const transporter = { type: 'TCP', options: { udpDiscovery: false, urls } };
const broker = new ServiceBroker({ nodeID: `client-${process.pid}`, logger: false, transporter });
await broker.start();
await broker.waitForServices('echo-a', 10_000);

await loop(async () => check(await broker.call('echo-a.echo', { msg: 'hello' })));
