import { expect, it } from 'vitest';
import { AllowedMethods } from './allow.ts';

const allowed = new AllowedMethods();
allowed.add('GET', '/orders');
allowed.add(['POST', 'PUT'], '/orders');
allowed.add('GET', '/orders/:id');
allowed.add('DELETE', '/orders/:id(^\\d+$)/lines/:line?');
allowed.add('PATCH', '/files/*');
allowed.add('PUT', '/name::verb');
allowed.add('GET', '/at/:hour(^\\d{2})h:minute(^\\d{2})m');
allowed.add('GET', '/a.b(c)');

it.each([
  ['/orders', ['GET', 'POST', 'PUT']],
  ['/orders?x=/orders/1', ['GET', 'POST', 'PUT']],
  ['/orders/1', ['GET']],
  ['/orders/a%20b', ['GET']],
  ['/orders/1/lines/2', ['DELETE']],
  ['/orders/1/lines/', ['DELETE']],
  ['/orders/1/2', []],
  ['/orders/', []],
  ['/files/a/b', ['PATCH']],
  ['/name:verb', ['PUT']],
  ['/at/08h30m', ['GET']],
  ['/a.b(c)', ['GET']],
  ['/axb(c)', []],
  ['/%', []],
  ['', []],
])('%s: %j', (url, methods) => {
  expect(allowed.of(url)).toEqual(methods);
});
