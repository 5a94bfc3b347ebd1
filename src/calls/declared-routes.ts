import { HoldfastError } from '../std/index.ts';

/** The routes of a service that a policy declares idempotent: `POST /orders/:id/cancel`. */
export class DeclaredRoutes {
  readonly #patterns: readonly RegExp[];

  /** Throws `invalid_argument` on what is no route. */
  constructor(routes: readonly string[]) {
    this.#patterns = routes.map(patternOf);
  }

  /** `path` with or without a query, as it is sent. */
  has(method: string, path: string): boolean {
    if (this.#patterns.length === 0) return false;
    const [bare = ''] = path.split('?', 1);
    // Whoever normalises the path would end up at another route than the one that was declared.
    if (dotSegment.test(bare)) return false;
    const line = `${method} ${bare}`;
    return this.#patterns.some((pattern) => pattern.test(line));
  }
}

const dotSegment = /(^|\/)(\.|%2e){1,2}(\/|$)/i;

function patternOf(route: string): RegExp {
  const match = /^([A-Z]+) (\/[^\s?#]*)$/.exec(route);
  const [, method, path] = match ?? [];
  if (method === undefined || path === undefined) {
    const text = `An idempotent route is a method and a path, such as "POST /orders/:id", not "${route}".`;
    throw new HoldfastError('invalid_argument', text);
  }
  const segments = path.split('/').map((segment) => (segment.startsWith(':') ? '[^/]+' : literal(segment)));
  return new RegExp(`^${method} ${segments.join('/')}$`);
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
