import { describe, expect, it } from 'vitest';
import { LastWords } from './last-words.ts';

const reason = (lines: readonly string[], error = true): string | undefined => {
  const words = new LastWords();
  for (const line of lines) words.heard(line, error);
  return words.reason();
};

describe('LastWords', () => {
  it('gives no control characters', () => {
    expect(reason(['\x1b[31mError: bo\x1b[2Jom\x07', 'at the end'])).toBe('Error: boom');
    expect(reason(['{"level":50,"msg":"bo\\u001b[2Jom"}'])).toBe('boom');
  });

  it.each<[string, string[], string | undefined]>([
    ['nothing', [], undefined],
    [
      'an uncaught error',
      [
        'file:///app/main.ts:3',
        "throw new Error('boom');",
        '      ^',
        '',
        'Error: boom',
        '    at file:///app/main.ts:3:7',
        '    at node:internal/main:1:1',
        '',
        'Node.js v26.10.0',
      ],
      'Error: boom',
    ],
    [
      'an error with fields',
      [
        'node:net:1',
        'Error: listen EADDRINUSE: address already in use 127.0.0.1:8080',
        '    at Server.setupListenHandle [as _listen2] (node:net:1:1) {',
        "  code: 'EADDRINUSE',",
        '  port: 8080',
        '}',
        'Node.js v26.10.0',
      ],
      'Error: listen EADDRINUSE: address already in use 127.0.0.1:8080',
    ],
    [
      'a missing module',
      ['Error [ERR_MODULE_NOT_FOUND]: Cannot find package x', "  code: 'ERR_MODULE_NOT_FOUND'", '}'],
      'Error [ERR_MODULE_NOT_FOUND]: Cannot find package x',
    ],
    [
      'a log line',
      ['2026-02-03 19:19:40 ERROR service=A error="no disk"', 'bye'],
      '2026-02-03 19:19:40 ERROR service=A error="no disk"',
    ],
    ['a JSON log line', ['{"level":50,"msg":"no disk"}', '{"level":30,"msg":"bye"}'], 'no disk'],
    ['plain words', ['first', 'last', ''], 'last'],
  ])('%s', (_, lines, expected) => {
    expect(reason(lines)).toBe(expected);
  });

  it('prefers standard error over standard output', () => {
    const words = new LastWords();
    words.heard('cannot go on', true);
    words.heard('bye', false);
    expect(words.reason()).toBe('cannot go on');
  });
});
