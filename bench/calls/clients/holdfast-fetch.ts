import { createCalls, fixedDiscovery, instanceAt } from 'holdfast/calls';
import { nodeHost } from 'holdfast/host/node';
import { check, loop } from '../loop.ts';

const instance = instanceAt('echo-a', `http://127.0.0.1:${process.argv[2]}`);
const host = nodeHost({ faultsAllowed: false });
const calls = createCalls({ host, discovery: fixedDiscovery({ 'echo-a': [instance] }) });

await loop(async () => check(await (await calls.fetch('http://echo-a/echo?msg=hello')).json()));
