import { HoldfastError } from '../std/index.ts';
import type { CallPreferences } from './caller.ts';
import { DeclaredRoutes } from './declared-routes.ts';
import { limits } from './limits.ts';
import type { UpstreamPolicy } from './policy.ts';

const balances = ['p2c', 'round-robin', 'least-in-flight', 'ring-hash'];

/** What a setting must be; undefined when the value is that. */
type Check = (value: unknown) => string | undefined;

const wholeFrom =
  (min: number, max: number): Check =>
  (value) => {
    const isIn = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    return isIn ? undefined : `a whole number from ${min} to ${max}`;
  };

const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

const duration: Check = (value) =>
  typeof value === 'number' && value > 0 && value <= limits.callTimeoutMsMax
    ? undefined
    : `milliseconds, more than 0 and at most ${limits.callTimeoutMsMax}`;

const checks: Readonly<Record<keyof UpstreamPolicy, Check>> = {
  balance: (value) => (balances.includes(value as string) ? undefined : `one of ${balances.join(', ')}`),
  inFlightMax: wholeFrom(1, limits.connectionsPerInstanceMax),
  queueLengthMax: wholeFrom(0, limits.queueLengthAskedMax),
  attemptTimeoutMs: duration,
  attemptsMax: wholeFrom(1, limits.attemptsMax),
  eject: boolean,
  hedge: boolean,
  idempotent: (value) => (isTexts(value) ? undefined : 'a list of routes such as "POST /orders/:id"'),
};

/** Throws `invalid_argument` on settings that would fail, or do nothing, later. */
export function checkPolicies(policies: Readonly<Record<string, UpstreamPolicy>> | undefined): void {
  for (const [service, policy] of Object.entries(policies ?? {})) {
    if (typeof policy !== 'object' || policy === null)
      throw wrong(service, 'must be an object of settings.');
    for (const [setting, value] of Object.entries(policy)) {
      if (!Object.hasOwn(checks, setting)) {
        const known = Object.keys(checks).join(', ');
        throw wrong(service, `has a setting "${setting}" that there is not: there are ${known}.`);
      }
      if (value === undefined) continue;
      const wanted = checks[setting as keyof UpstreamPolicy](value);
      if (wanted === undefined) continue;
      throw wrong(service, `has ${setting} ${JSON.stringify(value)}: it must be ${wanted}.`);
    }
    if (policy.idempotent !== undefined) checkRoutes(service, policy.idempotent);
    if (policy.hedge === true && policy.attemptsMax === 1) {
      throw wrong(service, 'has hedge true and attemptsMax 1: a hedged call needs a second attempt.');
    }
  }
}

/** The same for what a caller wants of one call. */
export function checkPreferences({ attemptTimeoutMs }: CallPreferences): void {
  if (attemptTimeoutMs === undefined || attemptTimeoutMs > 0) return;
  const text = `attemptTimeoutMs must be more than 0, not ${attemptTimeoutMs}.`;
  throw new HoldfastError('invalid_argument', text);
}

function checkRoutes(service: string, routes: readonly string[]): void {
  try {
    new DeclaredRoutes(routes);
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause;
    throw wrong(service, `is no good: ${cause.message}`);
  }
}

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

const wrong = (service: string, what: string): HoldfastError =>
  new HoldfastError('invalid_argument', `The policy of "${service}" ${what}`);
