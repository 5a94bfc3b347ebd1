import { expect, it } from 'vitest';
import { Admission } from './admission.ts';

it('gives out as many places as there are', () => {
  const admission = new Admission(2);
  const enter = () => admission.tryEnter();
  expect([enter(), enter(), enter(), enter()]).toEqual([true, true, false, false]);
  admission.leave();
  expect([enter(), enter()]).toEqual([true, false]);
});

it('takes no place back twice', () => {
  expect(() => new Admission(1).leave()).toThrow(/given back once/);
});
