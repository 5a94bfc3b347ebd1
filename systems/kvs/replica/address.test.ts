import { expect, it } from 'vitest';
import { parseAddress } from './address.ts';

const longest = `${'h'.repeat(255 - ':80'.length)}:80`;

it.each([
  ['127.0.0.1:8090', '127.0.0.1', 8090],
  ['kvs-1.my_net.internal:1', 'kvs-1.my_net.internal', 1],
  ['LOCALHOST:65535', 'LOCALHOST', 65_535],
  ['[::1]:80', '::1', 80],
  ['[::ffff:127.0.0.1]:80', '::ffff:127.0.0.1', 80],
  [longest, longest.slice(0, -':80'.length), 80],
])('%s is an address', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port });
});

it.each([
  '',
  ':80',
  'x',
  'x:',
  'x:0',
  'x:65536',
  'x:+80',
  'x:8e1',
  '127.0.0.1:00080',
  ' 127.0.0.1:9',
  '127.0.0.1:9 ',
  '127.0.0.1:9\n',
  'a\nb:80',
  'a\u0000b:80',
  'http//x:80',
  'http://x:80',
  'x:80/',
  'x?y#z:1',
  'me@x:80',
  'a,b:80',
  'x\u202e:80',
  'ü:80',
  // Lower case is k and s: not by a rule of ours.
  '\u212a:80',
  '\u017f:80',
  'x:\u0661',
  '\ud800:80',
  '1:2:3',
  '::1:80',
  '[::1]',
  '[::1:80',
  '[x]:80',
  '[1.2.3.4]:80',
  '[:::]:80',
  '[fe80::1%eth0]:80',
  `h${longest}`,
])('%j is none', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});
