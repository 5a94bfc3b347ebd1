import { expect, it } from 'vitest';
import { readAddress } from './address.ts';

it.each([
  ['127.0.0.1:8090', { host: '127.0.0.1', port: 8090 }],
  ['[::1]:1', { host: '::1', port: 1 }],
  ['größe.example:65535', { host: 'größe.example', port: 65_535 }],
])('reads %s', (text, address) => {
  expect(readAddress(text)).toEqual(address);
});

it.each([
  '',
  'a',
  'a:',
  ':80',
  'a:0',
  'a:65536',
  'a:8o',
  '::1:80',
  'http://a:80',
  'a b:80',
  'a\n:80',
  'a\u202e:80',
  '\ud800:80',
  `${'ä'.repeat(127)}:80`,
])('takes %j for none', (text) => {
  expect(readAddress(text)).toBeUndefined();
});
