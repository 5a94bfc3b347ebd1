import { defineSystem } from 'holdfast/topology';
import { call, delay } from './commands.ts';

export default defineSystem({
  name: 'echo',
  summary: 'two services that call each other, over HTTP or gRPC',
  services: {
    'echo-a': { main: new URL('./service-a/main.ts', import.meta.url), ports: [8080, 8082, 8083] },
    'echo-b': { main: new URL('./service-b/main.ts', import.meta.url), port: 8081 },
  },
  routes: [
    { prefix: '/echo-a', service: 'echo-a' },
    { prefix: '/echo-b', service: 'echo-b' },
  ],
  commands: [call, delay],
  try: ['curl "{echo-b}/call-echo?msg=hello"', 'curl "{gateway}/echo-b/call-echo?msg=hi"'],
});
