import { it } from 'vitest';
import { surviveKills } from './testing/survive-kills.ts';

it('a hundred instances and ten watchers lose nothing when the registry is killed', async () => {
  await surviveKills({ instances: 100, watchers: 10, kills: 1, exactMsMax: 40_000 });
}, 120_000);
