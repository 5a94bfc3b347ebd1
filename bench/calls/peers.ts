import { createRequire } from 'node:module';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../peers');
const load = createRequire(path.join(folder, 'package.json'));

/** A library of `bench/peers`. Untyped: it is somebody else's, and only measured. */
// biome-ignore lint/suspicious/noExplicitAny: peers are called as their manuals say, without their types
export const peer = (name: string): any => load(name);
