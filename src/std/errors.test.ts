import { describe, expect, it } from 'vitest';
import { codeOfGrpcStatus, describeError, type ErrorCode, errorCodes, HoldfastError } from './index.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

describe('error codes', () => {
  it('are the sixteen of gRPC, numbered 1 to 16', () => {
    const numbers = codes.map((code) => errorCodes[code].grpc).sort((left, right) => left - right);
    expect(numbers).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
  });

  it('come back from their number', () => {
    for (const code of codes) expect(codeOfGrpcStatus(errorCodes[code].grpc)).toBe(code);
    for (const status of [0, 17, -1, 2.5, Number.NaN]) expect(codeOfGrpcStatus(status)).toBe('unknown');
  });

  it('are HTTP errors', () => {
    for (const code of codes) {
      expect(errorCodes[code].httpStatus).toBeGreaterThanOrEqual(400);
      expect(errorCodes[code].httpStatus).toBeLessThan(600);
    }
  });
});

describe('HoldfastError', () => {
  it('means what its code means', () => {
    const error = new HoldfastError('unavailable', 'No instance is there.');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('HoldfastError');
    expect(error).toMatchObject({ code: 'unavailable', retryable: true, mayHaveExecuted: true });
    expect([error.httpStatus, error.grpcStatus, error.retryAfterMs]).toEqual([503, 14, undefined]);
    expect('cause' in error).toBe(false);
  });

  it('takes what its thrower knows better', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new HoldfastError('unavailable', 'Refused.', {
      cause,
      mayHaveExecuted: false,
      retryable: false,
      retryAfterMs: 0,
    });
    expect(error).toMatchObject({ cause, mayHaveExecuted: false, retryable: false, retryAfterMs: 0 });
  });
});

describe('describeError', () => {
  it('tells the causes, outermost first', () => {
    const root = new Error('connect ECONNREFUSED 127.0.0.1:8080');
    const error = new HoldfastError('unavailable', 'Cannot reach echo-a', { cause: root });
    expect(describeError(error)).toBe('Cannot reach echo-a: connect ECONNREFUSED 127.0.0.1:8080');
  });

  it('says the same thing once', () => {
    expect(describeError(new Error('broken', { cause: new Error('broken') }))).toBe('broken');
  });

  it('makes something of an error without text', () => {
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
    expect(describeError(refused)).toBe('ECONNREFUSED');
    expect(describeError(new TypeError(''))).toBe('TypeError');
    const both = new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]);
    expect(describeError(both)).toBe('refused ::1, refused 127.0.0.1');
  });

  it('takes whatever was thrown', () => {
    expect(describeError('text')).toBe('text');
    expect(describeError(undefined)).toBe('');
    expect(describeError(null)).toBe('');
    expect(describeError(7)).toBe('7');
    expect(describeError(new Error('with', { cause: 'text' }))).toBe('with: text');
  });

  it('ends when causes go round in a circle', () => {
    const error = new Error('one');
    const other = new Error('two', { cause: error });
    error.cause = other;
    expect(describeError(error)).toBe('one: two: one: two: one');
  });
});
