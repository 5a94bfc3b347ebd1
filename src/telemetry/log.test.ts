import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../std/index.ts';
import type { LogLevel } from './fields.ts';
import { limits } from './limits.ts';
import { createLogger, type LogFormat, type Logger } from './log.ts';

const at = Date.UTC(2026, 1, 3, 19, 19, 40, 123);

function capture(format: LogFormat, level: LogLevel = 'info', service = 'A') {
  const lines: string[] = [];
  const log = createLogger({
    format,
    level,
    service,
    write: (line) => lines.push(line),
    traceId: () => '4bf92f3577b34da6a3ce929d0e0e4736',
    wallMs: () => at,
  });
  return { log, lines, line: () => (lines.at(-1) ?? '').trimEnd() };
}

function jsonOf(write: (log: Logger) => void): Record<string, unknown> {
  const { log, line } = capture('json');
  write(log);
  return JSON.parse(line());
}

describe('text lines', () => {
  it('have the forms of the contract', () => {
    const { log, line } = capture('text');
    log.info({ endpoint: '/echo', status: 'ok', msg: 'hello', latency_ms: 0 });
    expect(line()).toBe(
      '2026-02-03 19:19:40 INFO service=A endpoint=/echo status=ok msg="hello" latency_ms=0',
    );
    log.info({ procedure: 'Echo', status: 'ok', latency_ms: 0 });
    expect(line()).toBe('2026-02-03 19:19:40 INFO service=A procedure=Echo status=ok latency_ms=0');
    const b = capture('text', 'info', 'B');
    b.log.info('calling', { service: 'A', endpoint: '/echo', msg: 'hello' });
    expect(b.line()).toBe(
      '2026-02-03 19:19:40 INFO service=B calling service=A endpoint=/echo msg="hello"',
    );
    b.log.error({
      endpoint: '/call-echo',
      status: 'error',
      error: 'Request timed out: no answer within 1000 ms',
      latency_ms: 1003,
    });
    expect(b.line()).toBe(
      '2026-02-03 19:19:40 ERROR service=B endpoint=/call-echo status=error ' +
        'error="Request timed out: no answer within 1000 ms" latency_ms=1003',
    );
  });

  it('show an error with its causes', () => {
    const { log, line } = capture('text');
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:8080');
    log.error({ error: new HoldfastError('unavailable', 'echo-a cannot be reached', { cause }) });
    expect(line()).toContain('error="echo-a cannot be reached: connect ECONNREFUSED 127.0.0.1:8080"');
  });

  it('leave out undefined fields, quote what is no plain word, and name odd fields safely', () => {
    const { log, line } = capture('text');
    log.info({ a: undefined, b: null, c: true, d: 'two words', e: 'x=y', 'f g=': 1, h: 12n, i: '' });
    expect(line()).toMatch(/service=A b=null c=true d="two words" e="x=y" f_g_=1 h=12 i=""$/);
  });

  it('keep user text readable but never let it act on a terminal or a line', () => {
    const { log, lines, line } = capture('text');
    log.info({
      msg: 'grüß 👩‍👩‍👧 "x"\n2026-02-03 ERROR service=A forged\u001b[2J\u009b\u2028\u202e',
    });
    expect(lines).toHaveLength(1);
    expect(line()).toContain(
      String.raw`msg="grüß 👩‍👩‍👧 \"x\"\n2026-02-03 ERROR service=A forged\u001b[2J\u009b\u2028\u202e"`,
    );
  });

  it('stay one line with the same fields, whatever the values are', () => {
    const { log, lines } = capture('text');
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(anything, fc.string(), anything, (msg, phrase, other) => {
        lines.length = 0;
        log.info(phrase, { msg, other });
        expect(lines).toHaveLength(1);
        const line = lines[0] as string;
        expect(line.indexOf('\n')).toBe(line.length - 1);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there.
        expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
        const unquoted = line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
        expect(unquoted.match(/ [\w.-]+=/g)).toEqual([' service=', ' msg=', ' other=']);
      }),
    );
  });
});

describe('JSON lines', () => {
  it('say the same as fields, with the trace', () => {
    expect(jsonOf((log) => log.info({ endpoint: '/echo', msg: 'hel\nlo', latency_ms: 0 }))).toEqual({
      level: 'INFO',
      time: '2026-02-03T19:19:40.123Z',
      service: 'A',
      endpoint: '/echo',
      msg: 'hel\nlo',
      latency_ms: 0,
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
  });

  it('give the phrase as event, and a field the line has already a name of its own', () => {
    expect(jsonOf((log) => log.info('calling', { service: 'B', level: 3 }))).toMatchObject({
      level: 'INFO',
      service: 'A',
      event: 'calling',
      calling_service: 'B',
      calling_level: 3,
    });
  });

  it('survive what JSON cannot hold', () => {
    const circle: Record<string, unknown> = { big: 1n, at: new Date(Number.NaN), bytes: new Uint8Array(3) };
    circle.self = circle;
    const line = jsonOf((log) => log.info({ circle, big: 2n, none: undefined }));
    expect(line.big).toBe('2');
    expect(line.circle).toMatchObject({ big: '1', at: 'invalid date', bytes: '[3 bytes]' });
  });

  it('are one line each, whatever the values are', () => {
    const { log, lines } = capture('json');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (msg, other) => {
        lines.length = 0;
        log.error({ msg, other });
        expect(lines.join('')).toMatch(/^\{.*\}\n$/);
        expect(JSON.parse(lines.join('')).msg).toBe(msg.toWellFormed() === msg ? msg : expect.any(String));
      }),
    );
  });
});

describe.each(['text', 'json'] as const)('%s lines', (format) => {
  it('never show secrets', () => {
    const { log, line } = capture(format);
    log.info({
      authorization: 'Bearer s3cret',
      headers: { 'X-Holdfast-Key': 's3cret', Cookie: 's3cret', accept: 'yes' },
      users: [{ name: 'ada', password: 's3cret', deeper: { token: 's3cret' } }],
      url: '/chat?user=ada&ticket=s3cret&x=1',
      error: new Error('GET /chat?token=s3cret failed'),
      at: new URL('http://h/?password=s3cret'),
      token: undefined,
    });
    expect(line()).not.toContain('s3cret');
    expect(line()).toContain('[redacted]');
    expect(line()).toContain('ada');
    expect(line()).toContain('x=1');
    expect(line()).toContain('yes');
  });

  it('are bounded in length', () => {
    const { log, line } = capture(format);
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, [1, 2, 3]]));
    log.info({ msg: 'x'.repeat(1_000_000), wide: [wide, wide, wide] });
    expect(line().length).toBeLessThan(limits.logValueCharsMax + 4_000);
    expect(line()).toContain(`(${1_000_000 - limits.logValueCharsMax} more characters)`);
  });

  it('come only from their level up', () => {
    const { log, lines } = capture(format, 'warn');
    log.debug({ n: 1 });
    log.info({ n: 2 });
    log.warn({ n: 3 });
    log.error({ n: 4 });
    log.fatal({ n: 5 });
    expect(lines).toHaveLength(3);
    expect([log.enables('info'), log.enables('warn'), log.enables('silent')]).toEqual([false, true, false]);
    const silent = capture(format, 'silent');
    silent.log.fatal({ n: 1 });
    expect(silent.lines).toEqual([]);
    expect(silent.log.enables('fatal')).toBe(false);
  });

  it('of a child carry its fields', () => {
    const { log, line } = capture(format);
    log.child({ instance: 'a-1', ticket: 's3cret' }).info({ n: 1 });
    expect(line()).toMatch(
      format === 'text' ? / service=A instance=a-1 ticket=.* n=1$/ : /"instance":"a-1".*"n":1/,
    );
    expect(line()).not.toContain('s3cret');
  });
});
