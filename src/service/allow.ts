/**
 * Which methods a path has, asked only when the router found nothing: it tells a wrong method (405) from an
 * unknown path (404). Patterns are find-my-way's; a parameter's own expression is taken as "anything".
 */
export class AllowedMethods {
  readonly #patterns: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  add(methods: string | readonly string[], url: string): void {
    this.#patterns.push({ pattern: patternOf(url), methods: [methods].flat() });
  }

  /** In alphabetical order; empty for an unknown path. `url` is the request's, query included. */
  of(url: string): readonly string[] {
    const path = pathOf(url);
    const found = this.#patterns.filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => methods))].sort();
  }
}

function pathOf(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? '';
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Parts of a pattern: an escaped colon, a parameter, a parameter's expression, a wildcard, plain text. */
const part = /::|:(\w+)(\((?:[^()\\]|\\.|\([^()]*\))*\))?(\?)?|\*|[^:*]+/g;

function patternOf(url: string): RegExp {
  const source = url.replace(part, (text, name?: string, _expression?: string, optional?: string) => {
    if (name !== undefined) return optional === undefined ? '[^/]+' : '[^/]*';
    if (text === '*') return '.*';
    if (text === '::') return ':';
    return text.replace(/[\\^$.|?*+()[\]{}/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
