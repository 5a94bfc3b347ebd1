import { expect, it } from 'vitest';
import { withAddresses } from './placeholders.ts';
import { resolveTopology } from './resolve.ts';

const main = new URL('file:///main.ts');

function environmentsOf(env: Readonly<Record<string, string>>): unknown[] {
  const { processes } = resolveTopology({
    systems: [
      {
        name: 'shop',
        services: {
          stock: { main, ports: [9000, 9002, 9004], instances: 2, env },
          other: { main, port: 9100, env: { OWN: '{address}' } },
        },
      },
    ],
    registry: false,
    gateway: false,
  });
  return withAddresses(processes, '127.0.0.1').map((spec) => spec.env);
}

it('an instance is told its own address and those of its whole service', () => {
  expect(environmentsOf({ SELF: '{address}', ALL: '{addresses}' })).toEqual([
    { SELF: '127.0.0.1:9000', ALL: '127.0.0.1:9000,127.0.0.1:9002' },
    { SELF: '127.0.0.1:9002', ALL: '127.0.0.1:9000,127.0.0.1:9002' },
    { OWN: '127.0.0.1:9100' },
  ]);
});

it('they may stand anywhere in a value, more than once; other braces stay', () => {
  const [first] = environmentsOf({ A: 'http://{address}/{address}', B: '{"x":{}} {addres} {{address}}' });
  expect(first).toEqual({
    A: 'http://127.0.0.1:9000/127.0.0.1:9000',
    B: '{"x":{}} {addres} {127.0.0.1:9000}',
  });
});
