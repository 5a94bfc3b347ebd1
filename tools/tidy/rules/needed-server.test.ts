import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { neededServer } from './needed-server.ts';

const testing = {
  'src/a/testing/redis-server.ts': "import { createClient } from 'redis';",
  'src/a/testing/stage.ts': "import { start } from './redis-server.ts';",
  'src/a/testing/other.ts': "import type { Server } from './redis-server.ts';",
};

describe('needed-server', () => {
  it('is in the name of a test that needs it, directly or not', () => {
    const files = {
      ...testing,
      'src/a/store.test.ts': "import { start } from './testing/redis-server.ts';",
      'src/a/outage.test.ts': "import { stage } from './testing/stage.ts';",
      'src/a/client.test.ts': "const { createClient } = await import('redis');",
    };
    expect(findingsOf(neededServer, files)).toEqual([
      'src/a/client.test.ts:1 needed-server: It needs redis: call it client.redis.test.ts.',
      'src/a/outage.test.ts:1 needed-server: It needs redis: call it outage.redis.test.ts.',
      'src/a/store.test.ts:1 needed-server: It needs redis: call it store.redis.test.ts.',
    ]);
  });

  it('is in no other name', () => {
    const files = {
      ...testing,
      'src/a/store.redis.test.ts': "import { stage } from './testing/stage.ts';",
      'a/b.redis.test.ts': "import { parse } from './redis-address.ts';",
      'src/a/redis-address.ts': "import { createClient } from 'redis';",
      'src/a/address.test.ts': "import { parse } from './redis-address.ts';",
      'src/a/type.test.ts': "import { other } from './testing/other.ts';",
    };
    expect(findingsOf(neededServer, files)).toEqual([
      'a/b.redis.test.ts:1 needed-server: It imports nothing that needs redis: leave that out of its name.',
    ]);
  });
});
