import { attemptHeader, previousAttemptsHeader, timeoutHeader } from './context.ts';

export type HeaderValue = string | string[];

/** What says of an attempt where it stands: its deadline and its number. */
export const attemptNames: ReadonlySet<string> = new Set([timeoutHeader, attemptHeader]);

/** The same over gRPC, in its own words too. Over HTTP those mean nothing here, and gRPC-Web needs them. */
export const grpcAttemptNames: ReadonlySet<string> = new Set([
  ...attemptNames,
  'grpc-timeout',
  previousAttemptsHeader,
]);

/**
 * The headers of one attempt over any transport, names and values in turn: `own`, the caller's, in the same
 * form, and those that travel from hop to hop, their names in lower case. Where both have a name the caller's
 * counts; but those in `never`, in lower case too, are never the caller's.
 */
export function mergeHeaders(
  own: readonly HeaderValue[],
  travelling: Readonly<Record<string, string>>,
  never: ReadonlySet<string>,
): string[] {
  const merged: HeaderValue[] = [];
  const given = new Set<string>();
  for (let index = 0; index + 1 < own.length; index += 2) {
    const name = String(own[index]).toLowerCase();
    if (never.has(name)) continue;
    given.add(name);
    merged.push(own[index] as string, own[index + 1] as HeaderValue);
  }
  for (const name in travelling) if (!given.has(name)) merged.push(name, travelling[name] as string);
  // undici's type knows no lists of values here; its code does.
  return merged as string[];
}
