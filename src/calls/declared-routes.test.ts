import { describe, expect, it } from 'vitest';
import { DeclaredRoutes } from './declared-routes.ts';

const has = (route: string, line: string): boolean => {
  const [method = '', ...path] = line.split(' ');
  return new DeclaredRoutes([route]).has(method, path.join(' '));
};

describe('declared routes', () => {
  it.each([
    ['POST /orders', 'POST /orders'],
    ['POST /orders', 'POST /orders?retry=1&x=/orders/2'],
    ['POST /', 'POST /'],
    ['POST /orders/:id/cancel', 'POST /orders/17/cancel'],
    ['POST /orders/:id/cancel', 'POST /orders/a%2Fb/cancel'],
    ['POST /orders/:id/cancel', 'POST /orders/:id/cancel'],
    ['POST /:a/:b', 'POST /x/y?'],
    ['PATCH /v1.0/(x)', 'PATCH /v1.0/(x)'],
    ['POST /a[b]c|d{2}^$', 'POST /a[b]c|d{2}^$'],
  ])('%s has %s', (route, line) => {
    expect(has(route, line)).toBe(true);
  });

  it.each([
    ['POST /orders', 'GET /orders'],
    ['POST /orders', 'POST /orders/'],
    ['POST /orders', 'POST /orders/1'],
    ['POST /orders', 'POST //orders'],
    ['POST /orders', 'POST /ORDERS'],
    ['POST /orders', 'POST /x/orders'],
    ['POST /orders', 'POST /orders\n'],
    ['POST /orders', 'POST /orders#/orders'],
    ['POST /orders', 'POST http://a/orders'],
    ['POST /orders', 'XPOST /orders'],
    ['POST /orders', 'POST /pay?/orders'],
    ['POST /orders/:id/cancel', 'POST /orders//cancel'],
    ['POST /orders/:id/cancel', 'POST /orders/1/2/cancel'],
    ['POST /orders/:id/cancel', 'POST /orders/1/cancel/2'],
    ['POST /orders/:id/cancel', 'POST /orders/1?/cancel'],
    ['POST /orders/:id/cancel', 'POST /orders/1/pay?x=/orders/1/cancel'],
    ['POST /orders/:id/cancel', 'POST /pay\nPOST /orders/1/cancel'],
    ['POST /v1.0/(x)', 'POST /v1x0/(x)'],
    ['POST /v1.0/(x)', 'POST /v1.0/x'],
    ['POST /a*', 'POST /aaa'],
    ['POST /a+', 'POST /aa'],
    ['POST /a|b', 'POST /a'],
  ])('%s has not %s', (route, line) => {
    expect(has(route, line)).toBe(false);
  });

  it('is true of any of several, and of none when none is declared', () => {
    const routes = new DeclaredRoutes(['POST /a', 'PATCH /b/:id']);
    expect([routes.has('POST', '/a'), routes.has('PATCH', '/b/1'), routes.has('POST', '/b/1')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(new DeclaredRoutes([]).has('POST', '/a')).toBe(false);
  });

  it.each([
    '/orders',
    'POST',
    'POST orders',
    'post /orders',
    'POST  /orders',
    'POST /a b',
    'POST /a?b',
    'POST /a#b',
    '',
    'POST /a\n',
  ])('refuses what is no route: %j', (route) => {
    expect(() => new DeclaredRoutes([route])).toThrow('An idempotent route is a method and a path');
  });

  it('looks at a long hostile path in no time', () => {
    const routes = new DeclaredRoutes([`POST ${'/:x'.repeat(30)}/end`]);
    const startedAtMs = performance.now();
    expect(routes.has('POST', '/a'.repeat(500_000))).toBe(false);
    expect(routes.has('POST', `/${'a'.repeat(1_000_000)}`)).toBe(false);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  });
});
