import { expect, it } from 'vitest';
import { proposals } from './proposals.ts';

const specs = [
  { service: 'registry', port: 7500 },
  { service: 'echo-a', port: 9000 },
  { service: 'echo-a', port: 9001 },
];

it.each([
  ['curl "{echo-a}/echo?msg=hi"', ['curl "localhost:9000/echo?msg=hi"']],
  ['curl {registry}/status {echo-a}/health', ['curl localhost:7500/status localhost:9000/health']],
  ['curl -d \'{"msg":1}\' {echo-q}', ['curl -d \'{"msg":1}\' {echo-q}']],
  ['curl {gateway}/echo-a', []],
])('%s', (line, expected) => {
  expect(proposals([line], specs)).toEqual(expected);
});
