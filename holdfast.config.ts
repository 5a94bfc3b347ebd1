import { defineConfig } from 'holdfast/topology';
import echo from './systems/echo/system.ts';

/** What `npm start` runs on this machine. */
export default defineConfig({
  systems: [echo],
  services: {
    'echo-a': { instances: 2 },
  },
});
