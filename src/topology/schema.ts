import * as z from 'zod';
import type { Config } from './config.ts';
import { limits, reservedEnvironment, reservedServices, reservedSystems } from './limits.ts';
import { didYouMean } from './nearest.ts';
import { type Problem, show } from './problem.ts';

/** The shape of a config, key by key. What only shows across keys (clashes, references) is resolve.ts's. */

type Failure = { readonly input?: unknown };

function leaf<T>(what: string, test: (value: unknown) => boolean): z.ZodType<T> {
  return z.custom<T>(test, {
    error: ({ input }: Failure) =>
      input === undefined ? `is missing: it must be ${what}` : `must be ${what}, not ${show(input)}`,
  });
}

function wholeNumber(min: number, max: number, remark = ''): z.ZodType<number> {
  return leaf(`a whole number from ${min} to ${max}${remark}`, (value) => {
    return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  });
}

function list<T>(what: string, item: z.ZodType<T>, lengthMax: number): z.ZodType<T[]> {
  return z
    .array(item, { error: ({ input }: Failure) => `must be a list of ${what}, not ${show(input)}` })
    .max(lengthMax, { error: `can hold at most ${lengthMax} ${what}` });
}

/** An object with exactly these keys. The message of an unknown-keys issue has one line for each key. */
function object<Shape extends z.ZodRawShape>(what: string, shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return `must be ${what}, not ${show(issue.input)}`;
      const unknown = (issue as { keys?: readonly string[] }).keys ?? [];
      return unknown.map((key) => unknownKey(key, known)).join('\n');
    },
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const guess = didYouMean(key, known);
  return guess === '' ? `is not known here. Known: ${known.join(', ')}.` : `is not known here.${guess}`;
}

function record<T>(what: string, key: z.ZodType<string>, value: z.ZodType<T>) {
  return z.record(key, value, {
    error: (issue) => `must be an object of ${what}, not ${show(issue.input)}`,
  });
}

const namePattern = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const isName = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= limits.nameLengthMax && namePattern.test(value);
const nameRule = `a name of small letters, digits and single dashes, at most ${limits.nameLengthMax} long`;

const serviceName = leaf<string>(nameRule, isName).refine((name) => !reservedServices.includes(name), {
  error: ({ input }: Failure) => `${show(input)} is taken by the platform: give the service another name`,
});
const systemName = leaf<string>(nameRule, isName).refine((name) => !reservedSystems.includes(name), {
  error: ({ input }: Failure) => `${show(input)} is a command of holdfast: give the system another name`,
});

const environmentName = leaf<string>('a variable name', (value) =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(String(value)),
).refine((name) => reservedEnvironment[name] === undefined, {
  error: ({ input }: Failure) =>
    `is set by holdfast (${reservedEnvironment[String(input)]}): leave it out here`,
});

const text = leaf<string>('a text', (value) => typeof value === 'string' && !value.includes('\0'));
const line = leaf<string>(
  'a text of one line',
  (value) => typeof value === 'string' && /^[^\0\r\n]+$/.test(value),
);
const port = wholeNumber(0, limits.portMax, ' (0 takes a free port)');
const weight = leaf<number>(`a number from 0 to ${limits.weightMax}`, (value) => {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) <= limits.weightMax;
});
const zonePattern = new RegExp(`^[A-Za-z0-9._-]{1,${limits.zoneLengthMax}}$`);
const zone = leaf<string>(
  `a text of letters, digits and . _ -, at most ${limits.zoneLengthMax}`,
  (value) => {
    return typeof value === 'string' && zonePattern.test(value);
  },
);
const yesOrNo = leaf<boolean>('true or false', (value) => typeof value === 'boolean');
const file = leaf<URL>(
  "a file URL such as new URL('./main.ts', import.meta.url)",
  (value) => value instanceof URL && value.protocol === 'file:',
);

const runtime = {
  port: port.optional(),
  ports: list('ports', port, limits.instancesMax).optional(),
  instances: wholeNumber(1, limits.instancesMax).optional(),
  weight: weight.optional(),
  zone: zone.optional(),
  zones: list('zones', zone, limits.instancesMax).optional(),
  env: record('texts', environmentName, text).optional(),
  args: list('texts', text, 100).optional(),
};

const route = object('a route { prefix, service }', {
  prefix: leaf<string>('a path such as "/echo-a", without an end slash', (value) => {
    return typeof value === 'string' && /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*)?$/.test(value);
  }),
  service: text,
});

const command = object('a command { name, summary, run }', {
  name: leaf<string>(nameRule, isName),
  summary: line,
  usage: line.optional(),
  run: leaf<() => unknown>('a function', (value) => typeof value === 'function'),
});

const system = object('a system made by defineSystem', {
  name: systemName,
  summary: line.optional(),
  services: record('services', serviceName, object('a service { main, port }', { main: file, ...runtime })),
  routes: list('routes', route, limits.routesMax).optional(),
  commands: list('commands', command, limits.commandsMax).optional(),
  try: list('texts', line, 20).optional(),
});

const serverShape = {
  port: port.optional(),
  env: record('texts', environmentName, text).optional(),
  main: file.optional(),
};
const server = object('an object { port } or false', serverShape);
const gateway = object('an object { port } or false', { ...serverShape, zone: zone.optional() });

const config = object('an object made by defineConfig', {
  systems: list('systems', system, limits.systemsMax),
  services: record('services', text, object('an object of service options', runtime)).optional(),
  registry: server.or(z.literal(false)).optional(),
  gateway: gateway.or(z.literal(false)).optional(),
  faults: yesOrNo.optional(),
  production: yesOrNo.optional(),
});

export type Checked =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Whether a value has the shape of a config; if not, everything that is wrong with it. */
export function checkShape(value: unknown): Checked {
  const result = config.safeParse(value);
  // The value itself, not zod's copy: a copy would lose the identity of functions and URLs.
  if (result.success) return { ok: true, config: value as Config };
  return { ok: false, problems: result.error.issues.flatMap((issue) => problemsOf(issue, [])) };
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, prefix: readonly (string | number)[]): Problem[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      atKey: true,
      message: messages[index] ?? 'is not known here.',
    }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path, atKey: true, message }));
  }
  if (issue.code === 'invalid_union') {
    // `{ ... } or false`: what is wrong with the object says more than that it is not false.
    return (issue.errors[0] ?? []).flatMap((inner) => problemsOf(inner, path));
  }
  return [{ path, message: issue.message }];
}
