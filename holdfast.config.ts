import { defineConfig } from 'holdfast/topology';
import echo from './systems/echo/system.ts';
import kvs from './systems/kvs/system.ts';

/** What `npm start` runs on this machine. */
export default defineConfig({
  systems: [echo, kvs],
  services: {
    'echo-a': { instances: 2 },
  },
});
