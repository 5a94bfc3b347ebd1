import type { LinkEvent } from 'holdfast/link';
import { createLogger } from 'holdfast/telemetry';
import { beforeEach, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { storeLog } from './store-log.ts';

let lines: string[];
let observe: ReturnType<typeof storeLog>;

beforeEach(() => {
  lines = [];
  const write = (line: string): void => void lines.push(line.slice(line.indexOf('kvs ') + 'kvs '.length));
  observe = storeLog(createLogger({ format: 'text', level: 'info', service: 'kvs', write }));
});

const refused = {
  type: 'refused',
  address: '10.0.0.2:8090',
  there: true,
  reason: 'timeout',
  why: 'It was not over in time.',
} as const;
const line =
  'peer refused peer=10.0.0.2:8090 by="the peer" reason=timeout error="It was not over in time."\n';

function tell(event: Partial<Extract<LinkEvent, { type: 'refused' }>>, times = 1): void {
  for (let time = 0; time < times; time++) observe({ type: 'link', event: { ...refused, ...event } });
}

it('a refusal that comes again and again is one line, and one more each hundred times', () => {
  tell({}, limits.refusalsEach - 1);
  expect(lines).toEqual([line]);
  tell({}, limits.refusalsEach + 1);
  const counted = (times: number): string => line.replace('error=', `times=${times} error=`);
  expect(lines).toEqual([line, counted(limits.refusalsEach), counted(2 * limits.refusalsEach)]);
});

it('another peer, another reason and the other side are lines of their own', () => {
  for (let time = 0; time < 3; time++) {
    tell({});
    tell({ address: undefined });
    tell({ address: '10.0.0.3:8090' });
    tell({ reason: 'key-wrong' });
    tell({ there: false });
  }
  expect(lines).toHaveLength(5);
});

it('a refusal is news again when a link has stood and is down', () => {
  tell({}, 5);
  const { address } = refused;
  observe({
    type: 'link',
    event: { type: 'up', address, session: 's', version: 1, proved: true, number: 1 },
  });
  // Of a connection that was older than the link.
  tell({}, 5);
  expect(lines).toEqual([line, 'peer up peer=10.0.0.2:8090 proved=true\n']);
  observe({
    type: 'link',
    event: { type: 'down', address, reason: { kind: 'lost', message: 'It was reset.' } },
  });
  tell({}, 5);
  expect(lines.at(-1)).toBe(line);
  expect(lines).toHaveLength(4);
});

it('of many strangers it remembers the last', () => {
  for (let port = 1; port <= limits.refusedPeersMax; port++) tell({ address: `10.0.0.9:${port}` });
  tell({ address: '10.0.0.9:1' });
  expect(lines).toHaveLength(limits.refusedPeersMax);
  tell({ address: '10.0.0.9:8000' });
  tell({ address: '10.0.0.9:1' });
  expect(lines).toHaveLength(limits.refusedPeersMax + 1);
  tell({ address: '10.0.0.9:2' });
  expect(lines).toHaveLength(limits.refusedPeersMax + 2);
});

it('says what to do about starts that come to an end, and who was not let in', () => {
  observe({ type: 'many-starts', starts: 60_000, startsMax: 65_536 });
  observe({ type: 'join-refused', peer: '10.0.0.9:8090', membersMax: 256 });
  expect(lines).toEqual([
    expect.stringMatching(/^status=starts error="Of the 65536 starts .* 60000 are used\. Copy its keys/),
    expect.stringMatching(/^error="10\.0\.0\.9:8090 was not let in: there are 256 members/),
  ]);
});
