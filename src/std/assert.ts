/** Thrown when the program itself is wrong. Never caught to go on: a service that meets one stops. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** States an invariant. A false condition is a bug in this program, never bad input. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new AssertionFailure(`Broken invariant: ${invariant}`);
}

/** The value, which the caller knows to be there. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new AssertionFailure(`Missing: ${what}`);
  return value;
}

/** Ends a switch over a closed union; a new member that no case handles fails to compile here. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`Unreachable: ${JSON.stringify(value)}`);
}
