import { describe, expect, it } from 'vitest';
import { checkTopology, defineConfig, defineSystem, resolveTopology } from './index.ts';

const main = new URL('file:///app/main.ts');

const pair = defineSystem({
  name: 'pair',
  services: {
    'echo-a': { main, port: 8080, env: { A: '1' }, args: ['-d', '1'] },
    'echo-b': { main, port: 8081 },
  },
  routes: [{ prefix: '/echo-a', service: 'echo-a' }],
  try: ['curl {echo-b}'],
});

/** The problems of a config of unknown shape, one `path: message` a line. */
function problemsOf(value: unknown, systems?: readonly string[]): string[] {
  const resolution = checkTopology(value, { systems });
  if (resolution.ok) return [];
  return resolution.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('resolveTopology', () => {
  it('names the instances, gives the ports, puts the registry first and the gateway last', () => {
    const { processes, routes, systems } = resolveTopology(defineConfig({ systems: [pair] }));
    expect(processes.map(({ role, service, instance, port }) => [role, service, instance, port])).toEqual([
      ['registry', 'registry', 'registry', 8500],
      ['service', 'echo-a', 'echo-a-1', 8080],
      ['service', 'echo-b', 'echo-b-1', 8081],
      ['gateway', 'gateway', 'gateway', 8000],
    ]);
    expect(processes[1]).toMatchObject({ env: { A: '1' }, args: ['-d', '1'], main });
    expect(processes[0]?.main.pathname).toMatch(/\/src\/servers\/registry\/main\.ts$/);
    expect(routes).toEqual([{ prefix: '/echo-a', service: 'echo-a' }]);
    expect(systems).toMatchObject([
      { name: 'pair', services: ['echo-a', 'echo-b'], try: ['curl {echo-b}'] },
    ]);
  });

  it('lets the topology change what a system defines', () => {
    const { processes } = resolveTopology(
      defineConfig({
        systems: [pair],
        services: {
          'echo-a': { instances: 2, ports: [9000, 9002], env: { B: '2' }, args: [] },
          'echo-b': { port: 0 },
        },
        registry: { port: 7500, env: { R: 'r' } },
        gateway: false,
      }),
    );
    expect(processes.map(({ instance, port, env, args }) => [instance, port, env, args])).toEqual([
      ['registry', 7500, { R: 'r' }, []],
      ['echo-a-1', 9000, { A: '1', B: '2' }, []],
      ['echo-a-2', 9002, { A: '1', B: '2' }, []],
      ['echo-b-1', 0, {}, []],
    ]);
  });

  it('gives consecutive ports, and takes only as many of a list as there are instances', () => {
    const system = defineSystem({
      name: 'many',
      services: { a: { main, port: 9000, instances: 3 }, b: { main, ports: [9100, 9200] } },
    });
    const { processes } = resolveTopology({ systems: [system], registry: false, gateway: false });
    expect(processes.map(({ instance, port }) => `${instance} ${port}`)).toEqual([
      'a-1 9000',
      'a-2 9001',
      'a-3 9002',
      'b-1 9100',
    ]);
  });

  it('gives weights and zones, to each instance its own or all the same one', () => {
    const system = defineSystem({
      name: 'spread',
      services: {
        a: { main, port: 9000, instances: 3, zones: ['x', 'y', 'x', 'z'], weight: 2 },
        b: { main, port: 9100, instances: 2, zone: 'x', weight: 0.5 },
        c: { main, port: 9200 },
      },
    });
    const spread = (config: Omit<Parameters<typeof resolveTopology>[0], 'systems'>) =>
      resolveTopology({ systems: [system], registry: false, ...config }).processes.map(
        ({ instance, zone, weight }) => `${instance} ${zone} ${weight}`,
      );
    expect(spread({ gateway: { zone: 'x' } })).toEqual([
      'a-1 x 2',
      'a-2 y 2',
      'a-3 x 2',
      'b-1 x 0.5',
      'b-2 x 0.5',
      'c-1 undefined undefined',
      'gateway x undefined',
    ]);
    const services = { a: { instances: 1, zone: 'w', weight: 0 }, b: { zones: ['p', 'q'] } };
    expect(spread({ gateway: false, services })).toEqual([
      'a-1 w 0',
      'b-1 p 0.5',
      'b-2 q 0.5',
      'c-1 undefined undefined',
    ]);
  });

  it('takes only the systems asked for, with their routes', () => {
    const other = defineSystem({ name: 'other', services: { c: { main, port: 9000 } } });
    const { processes, routes } = resolveTopology({ systems: [pair, other] }, { systems: ['other'] });
    expect(processes.map(({ instance }) => instance)).toEqual(['registry', 'c-1', 'gateway']);
    expect(routes).toEqual([]);
  });

  it('throws everything that is wrong as one error', () => {
    const wrong = () => resolveTopology({ systems: [pair], services: { 'echo-a': { instances: 0 } } });
    expect(wrong).toThrow('services.echo-a.instances: must be a whole number from 1 to 64, not 0');
  });
});

describe('a config that is wrong', () => {
  const clash = defineSystem({ name: 'other', services: { 'echo-c': { main, port: 8081 } } });

  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, [': must be an object made by defineConfig, not undefined']],
    ['no systems', {}, ['systems: must be a list of systems, not undefined']],
    [
      'a text for a number',
      { systems: [pair], services: { 'echo-a': { instances: 'two' } } },
      ['services.echo-a.instances: must be a whole number from 1 to 64, not "two"'],
    ],
    [
      'a port out of range',
      { systems: [pair], registry: { port: 65536 } },
      ['registry.port: must be a whole number from 0 to 65535 (0 takes a free port), not 65536'],
    ],
    [
      'a server that is true',
      { systems: [pair], gateway: true },
      ['gateway: must be an object { port } or false, not true'],
    ],
    [
      'an unknown key',
      { systems: [pair], gatway: {} },
      ['gatway: is not known here. Did you mean gateway?'],
    ],
    [
      'unknown keys far off',
      { systems: [pair], gateway: { zebra: 1, prot: 2 } },
      [
        'gateway.zebra: is not known here. Known: port, env, main, zone.',
        'gateway.prot: is not known here. Did you mean port?',
      ],
    ],
    [
      'an unknown service',
      { systems: [pair], services: { 'echo-q': {} } },
      ['services.echo-q: there is no service echo-q. Did you mean echo-a?'],
    ],
    [
      'a main that is a path',
      { systems: [{ name: 's', services: { a: { main: './main.ts', port: 1 } } }] },
      [
        'systems.0.services.a.main: must be a file URL such as ' +
          'new URL(\'./main.ts\', import.meta.url), not "./main.ts"',
      ],
    ],
    [
      'no port',
      { systems: [{ name: 's', services: { a: { main } } }] },
      ['systems.0.services.a.port: is missing: a needs a port, or ports'],
    ],
    [
      'too few ports',
      { systems: [pair], services: { 'echo-a': { instances: 3, ports: [1, 2] } } },
      ['services.echo-a.instances: echo-a has 3 instances and 2 of the ports they need'],
    ],
    [
      'too few zones',
      { systems: [pair], services: { 'echo-b': { instances: 2, zones: ['x'] } } },
      ['services.echo-b.instances: echo-b has 2 instances and 1 of the zones they need'],
    ],
    [
      'too few zones where the system itself says both',
      { systems: [{ name: 's', services: { a: { main, port: 1, instances: 2, zones: ['x'] } } }] },
      ['systems.0.services.a.zones: a has 2 instances and 1 of the zones they need'],
    ],
    [
      'a zone and a weight that are none',
      {
        systems: [pair],
        services: { 'echo-a': { zone: 'a b', weight: 1001 }, 'echo-b': { weight: '2' } },
      },
      [
        'services.echo-a.weight: must be a number from 0 to 1000, not 1001',
        'services.echo-a.zone: must be a text of letters, digits and . _ -, at most 64, not "a b"',
        'services.echo-b.weight: must be a number from 0 to 1000, not "2"',
      ],
    ],
    [
      'a zone for the registry',
      { systems: [pair], registry: { zone: 'x' } },
      ['registry.zone: is not known here. Known: port, env, main.'],
    ],
    [
      'a zone as a variable',
      { systems: [pair], services: { 'echo-a': { env: { HOLDFAST_ZONE: 'x', HOLDFAST_WEIGHT: '1' } } } },
      [
        'services.echo-a.env.HOLDFAST_ZONE: is set by holdfast (zone): leave it out here',
        'services.echo-a.env.HOLDFAST_WEIGHT: is set by holdfast (weight): leave it out here',
      ],
    ],
    [
      'ports past the end',
      { systems: [pair], services: { 'echo-a': { instances: 3, port: 65534 } } },
      ['services.echo-a.port: the last of 3 instances would have a port over 65535'],
    ],
    [
      'clashing ports of two services',
      { systems: [pair, clash] },
      [
        'systems.1.services.echo-c.port: echo-b-1 and echo-c-1 would both listen on port 8081: ' +
          'give one another port',
      ],
    ],
    [
      'a port an instance grows into',
      { systems: [pair], services: { 'echo-a': { instances: 2 } } },
      [
        'systems.0.services.echo-b.port: echo-a-2 and echo-b-1 would both listen on port 8081: ' +
          'give one another port',
      ],
    ],
    [
      'the registry on a service port',
      { systems: [pair], registry: { port: 8080 } },
      [
        'systems.0.services.echo-a.port: registry and echo-a-1 would both listen on port 8080: ' +
          'give one another port',
      ],
    ],
    [
      'a service named as an instance',
      {
        systems: [{ name: 's', services: { a: { main, port: 1 }, 'a-1': { main, port: 2 } } }],
      },
      ['systems.0.services.a: a-1 is both a service and an instance: give the service another name'],
    ],
    [
      'a service named as a server',
      { systems: [{ name: 's', services: { gateway: { main, port: 1 } } }] },
      ['systems.0.services.gateway: "gateway" is taken by the platform: give the service another name'],
    ],
    [
      'a system named as a command',
      { systems: [{ name: 'up', services: {} }] },
      ['systems.0.name: "up" is a command of holdfast: give the system another name'],
    ],
    [
      'a bad service name',
      { systems: [{ name: 's', services: { Echo_A: { main, port: 1 } } }] },
      [
        'systems.0.services.Echo_A: must be a name of small letters, digits and single dashes, ' +
          'at most 40 long, not "Echo_A"',
      ],
    ],
    [
      'two systems of one name',
      { systems: [pair, { name: 'pair', services: {} }] },
      ['systems.1.name: two systems are called pair'],
    ],
    [
      'one service in two systems',
      { systems: [pair, { name: 'p', services: { 'echo-a': { main, port: 1 } } }] },
      ['systems.1.services.echo-a: the systems pair and p both define it: give one another name'],
    ],
    [
      'a route to nothing',
      { systems: [{ name: 's', services: {}, routes: [{ prefix: '/a', service: 'a' }] }] },
      ['systems.0.routes.0.service: there is no service a. No system defines a service.'],
    ],
    [
      'a route with an end slash',
      { systems: [{ ...pair, routes: [{ prefix: '/a/', service: 'echo-a' }] }] },
      ['systems.0.routes.0.prefix: must be a path such as "/echo-a", without an end slash, not "/a/"'],
    ],
    [
      'a prefix twice',
      {
        systems: [
          {
            ...pair,
            routes: [
              { prefix: '/a', service: 'echo-a' },
              { prefix: '/a', service: 'echo-b' },
            ],
          },
        ],
      },
      ['systems.0.routes.1.prefix: /a already leads to echo-a: a prefix can have one service'],
    ],
    [
      'a variable that holdfast sets',
      { systems: [pair], services: { 'echo-a': { env: { PORT: '1' } } } },
      ['services.echo-a.env.PORT: is set by holdfast (port): leave it out here'],
    ],
    [
      'a variable that is a number',
      { systems: [pair], services: { 'echo-a': { env: { A: 1 } } } },
      ['services.echo-a.env.A: must be a text, not 1'],
    ],
    [
      'faults in production',
      { systems: [pair], production: true, faults: true },
      ['faults: cannot be true together with production: a production topology refuses faults'],
    ],
    [
      'a command without run',
      { systems: [{ ...pair, commands: [{ name: 'call', summary: 'calls' }] }] },
      ['systems.0.commands.0.run: is missing: it must be a function'],
    ],
    [
      'a command twice',
      {
        systems: [{ ...pair, commands: [1, 2].map(() => ({ name: 'c', summary: 's', run() {} })) }],
      },
      ['systems.0.commands.1.name: two commands are called c'],
    ],
  ])('%s', (_, value, expected) => {
    expect(problemsOf(value)).toEqual(expected);
  });

  it('says which systems there are when another is asked for', () => {
    expect(problemsOf({ systems: [pair] }, ['pai'])).toEqual([
      'systems: There is no system pai. Did you mean pair?',
    ]);
    expect(problemsOf({ systems: [pair] }, ['zz'])).toEqual([
      'systems: There is no system zz. There are: pair.',
    ]);
  });

  it('allows production without faults', () => {
    expect(problemsOf({ systems: [pair], production: true, faults: false })).toEqual([]);
  });
});
