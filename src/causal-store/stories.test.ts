import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { stories } from './testing/stories.ts';

/** `UPDATE_STORIES=1 npm test -- src/causal-store` writes them anew: read what has changed, then keep it. */
const mustUpdate = process.env.UPDATE_STORIES === '1';

it.each(Object.entries(stories))('%s is told as it is written in testdata', (name, tell) => {
  const file = path.join(import.meta.dirname, 'testdata', `${name}.txt`);
  const told = tell();
  if (mustUpdate) writeFileSync(file, told);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(told);
  expect(tell()).toBe(told);
});
