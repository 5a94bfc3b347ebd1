import { createRequire } from 'node:module';
import path from 'node:path';

// Bare Fastify, from the same package that services use, logging off.
const load = createRequire(path.resolve(import.meta.dirname, '../peers/package.json'));
const app = load('fastify')();
app.get('/echo', async (request: { query: { msg?: string } }) => ({ echo: request.query.msg ?? '' }));
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`ready ${app.server.address().port}`);
