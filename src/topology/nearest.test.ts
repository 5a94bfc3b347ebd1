import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './index.ts';

describe('nearest', () => {
  it.each([
    ['pss', ['ps', 'pause'], 'ps'],
    ['strat', ['start', 'stop', 'restart'], 'start'],
    ['Echo-A', ['echo-a', 'echo-b'], 'echo-a'],
    ['up', ['down', 'logs'], undefined],
    ['', ['ps'], undefined],
    ['anything', [], undefined],
    ['gatewya', ['gateway', 'registry'], 'gateway'],
  ])('%s among %j', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });

  it('reads as a question after a sentence', () => {
    expect(didYouMean('pss', ['ps'])).toBe(' Did you mean ps?');
    expect(didYouMean('xyz', ['ps'])).toBe('');
  });
});
