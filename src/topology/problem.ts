/** Something wrong in a config, and where in its data. */
export interface Problem {
  /** Keys from the config's root: `['services', 'echo-a', 'instances']`. */
  readonly path: DataPath;
  /** Points at the key rather than at its value. */
  readonly atKey?: boolean | undefined;
  /** About what was asked for, not about the config: it has no place in the source. */
  readonly asked?: boolean | undefined;
  /** What is wrong and what would be right; follows the path and a colon. */
  readonly message: string;
}

export type DataPath = readonly (string | number)[];

/** `systems[0].services.echo-a.port`. */
export function pathText(path: DataPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w$-]+$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}

/** A value as an error shows it: short, and never a whole tree. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value instanceof URL) return value.href;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
