import { Pool } from 'undici';
import { check, concurrency, loop } from '../loop.ts';

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: concurrency });

await loop(async () => {
  const { body } = await pool.request({ method: 'GET', path: '/echo?msg=hello' });
  check(await body.json());
});
