import { Agent } from 'node:http';
import { check, concurrency, loop } from '../loop.ts';
import { peer } from '../peers.ts';

// As people write it: keep-alive on, a timeout, a breaker around each call.
const axios = peer('axios').default;
const Breaker = peer('opossum');
const httpAgent = new Agent({ keepAlive: true, maxSockets: concurrency });
const client = axios.create({ baseURL: `http://127.0.0.1:${process.argv[2]}`, timeout: 1_000, httpAgent });
const breaker = new Breaker(() => client.get('/echo?msg=hello'), { timeout: 1_000 });

await loop(async () => check((await breaker.fire()).data));
