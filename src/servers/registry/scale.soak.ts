import { it } from 'vitest';
import { surviveKills } from './testing/survive-kills.ts';

it('a thousand instances and fifty watchers lose nothing when the registry is killed twice', async () => {
  await surviveKills({ instances: 1_000, watchers: 50, kills: 2, exactMsMax: 60_000 });
}, 90_000);
