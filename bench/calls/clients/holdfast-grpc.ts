import { createClient } from '@connectrpc/connect';
import { createCalls, fixedDiscovery, instanceAt } from 'holdfast/calls';
import { nodeHost } from 'holdfast/host/node';
import { ServiceA } from '../../../systems/echo/gen/service_a_pb.js';
import { check, loop } from '../loop.ts';

const instance = instanceAt('echo-a', `http://127.0.0.1:${process.argv[2]}`);
const host = nodeHost({ faultsAllowed: false });
const calls = createCalls({ host, discovery: fixedDiscovery({ 'echo-a': [instance] }) });
const client = createClient(ServiceA, calls.transport('echo-a'));

await loop(async () => check(JSON.parse((await client.echo({ msg: 'hello' })).msg)));
