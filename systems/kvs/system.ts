import { defineSystem } from 'holdfast/topology';
import { deleteKey, get, put, token, view } from './commands.ts';

export default defineSystem({
  name: 'kvs',
  summary: 'a key-value store on three replicas, causally consistent, there for whoever reaches one',
  services: {
    kvs: {
      main: new URL('./replica/main.ts', import.meta.url),
      port: 8090,
      instances: 3,
      env: { SOCKET_ADDRESS: '{address}', VIEW: '{addresses}' },
    },
  },
  routes: [{ prefix: '/kvs-service', service: 'kvs' }],
  commands: [put, get, deleteKey, view, token],
  try: [
    'npx holdfast kvs put greeting \'"hello"\'',
    'npx holdfast kvs get greeting --replica 3',
    'curl "{kvs}/kvs/greeting"',
    'curl "{gateway}/kvs-service/view"',
  ],
});
