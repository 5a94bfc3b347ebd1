import type { DiskFailure } from '../disk.ts';
import type { NetworkFailure } from '../network.ts';

const networkKinds: Readonly<Record<string, NetworkFailure['kind']>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EADDRINUSE: 'in-use',
  EACCES: 'denied',
  EPERM: 'denied',
};

const diskKinds: Readonly<Record<string, DiskFailure['kind']>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  ENOTDIR: 'not-a-directory',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  EISDIR: 'denied',
  EBADF: 'closed',
  EMFILE: 'too-many-open',
  ENFILE: 'too-many-open',
};

/** `otherwise` is what a code without a kind of its own counts as. */
export function networkFailure(error: Error, otherwise: NetworkFailure['kind']): NetworkFailure {
  const code = codeOf(error);
  return {
    kind: (code === undefined ? undefined : networkKinds[code]) ?? otherwise,
    message: textOf(error),
  };
}

export function diskFailure(error: Error): DiskFailure {
  const code = codeOf(error);
  return { kind: (code === undefined ? undefined : diskKinds[code]) ?? 'io', message: textOf(error) };
}

function codeOf(error: Error): string | undefined {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined || !(error instanceof AggregateError)) return code;
  return codeOf(error.errors[0] as Error);
}

function textOf(error: Error): string {
  // A failed connection to a name with several addresses is an AggregateError without text.
  if (error.message === '' && error instanceof AggregateError) {
    return error.errors.map((inner) => String((inner as Error).message)).join(', ');
  }
  return error.message === '' ? (codeOf(error) ?? error.name) : error.message;
}
