import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { onProcesses } from './testing/process-stage.ts';

const patience = { timeout: 20_000, interval: 20 };

describe('a registry process', { timeout: 90_000, concurrent: true }, () => {
  it(
    'that is killed knows after its restart what was registered',
    onProcesses(async (stage) => {
      const env = { AUTH: 'lab', HOLDFAST_DATA: join(stage.folder, 'data') };
      const before = stage.spawn(env);
      const { host, port } = await stage.registered(before, 'chatService');
      await before.kill();
      const after = stage.spawn(env);
      await vi.waitFor(
        async () => expect(await after.listed('chat')).toMatchObject([{ id: `chat@${host}`, port }]),
        patience,
      );
    }),
  );

  it(
    'does not start as a lab that others can reach, and says why in one line',
    onProcesses(async (stage) => {
      const registry = stage.spawn({ AUTH: 'lab', HOST: '0.0.0.0' });
      const [code] = await once(registry.child, 'exit');
      expect(code).toBe(1);
      expect(registry.output).toMatch(
        /ERROR .*AUTH=lab is for this machine alone, and HOST=0\.0\.0\.0 lets others in/,
      );
      expect(registry.output.trim().split('\n')).toHaveLength(1);
    }),
  );
});
