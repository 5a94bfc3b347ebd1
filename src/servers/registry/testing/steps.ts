import type { Instance } from '../../../calls/index.ts';

/** What an instance goes through, life after life. Each step has a number of its own, so none is mistaken. */
const states = ['starting', 'ready', 'draining', 'gone'] as const;

export const service = 'many';

export const firstStep = states.indexOf('ready');

export function stateAt(step: number): (typeof states)[number] {
  return states[step % states.length] as (typeof states)[number];
}

/** The step in which the life of `step` ends. */
export function endOf(step: number): number {
  return step - (step % states.length) + states.indexOf('gone');
}

/** An instance at a step at which it is there. A new life has a new weight and says its number. */
export function instanceAt(step: number, number: number, incarnation: string): Instance {
  const life = Math.floor(step / states.length);
  const state = stateAt(step);
  return {
    id: String(number).padStart(6, '0'),
    incarnation,
    host: '127.0.0.1',
    port: 10_000 + number,
    state: state === 'gone' ? 'draining' : state,
    weight: 1 + life,
    metadata: { life: String(life) },
  };
}

export function stepOf({ state, metadata }: Instance): number {
  return Number(metadata?.life) * states.length + states.indexOf(state);
}
