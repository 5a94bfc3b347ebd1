/** Which path of the gateway leads to which service. */
export interface Route {
  /** `/echo-b`: itself and everything below it. Taken off once before the request is passed on. */
  readonly prefix: string;
  readonly service: string;
}

export interface Target {
  readonly service: string;
  /** Path and query for the service, never without a leading slash. */
  readonly path: string;
}

/** Throws a TypeError when the text is no JSON list of routes. */
export function parseRoutes(text: string): readonly Route[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) throw new TypeError('Routes are a JSON list.');
  return value.map((each: Partial<Route> | null) => {
    const { prefix, service } = each ?? {};
    if (typeof prefix !== 'string' || !/^\/[^?#\s]*[^?#\s/]$/.test(prefix) || typeof service !== 'string') {
      const text = `A route is {"prefix":"/a","service":"a"}, not ${JSON.stringify(each)}.`;
      throw new TypeError(text);
    }
    return { prefix, service };
  });
}

/** Finds the target of a request by the longest prefix that ends at a segment. */
export class RouteTable {
  readonly #routes: readonly Route[];

  constructor(routes: readonly Route[]) {
    this.#routes = [...routes].sort((left, right) => right.prefix.length - left.prefix.length);
  }

  /** `url` is a request target in origin form: `/echo-b/call-echo?msg=hi`. */
  find(url: string): Target | undefined {
    for (const { prefix, service } of this.#routes) {
      if (!url.startsWith(prefix)) continue;
      const rest = url.slice(prefix.length);
      if (rest === '') return { service, path: '/' };
      if (rest.startsWith('/')) return { service, path: rest };
      if (rest.startsWith('?')) return { service, path: `/${rest}` };
    }
    return undefined;
  }
}
