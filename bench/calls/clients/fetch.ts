import { check, loop } from '../loop.ts';

const url = `http://127.0.0.1:${process.argv[2]}/echo?msg=hello`;

await loop(async () => check(await (await fetch(url)).json()));
