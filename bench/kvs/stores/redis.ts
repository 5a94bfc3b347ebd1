import { once } from 'node:events';
import { connect } from 'node:net';
import { freePorts } from '../../measure/ports.ts';
import { requireProgram } from '../../measure/programs.ts';
import { patienceMs } from './asking.ts';
import { type Member, Store } from './store.ts';

/** One Redis that answers a write when it is on its disk. It has no replicas. */
export async function startRedis(folder: string): Promise<Store> {
  requireProgram('redis-server', 'redis-server');
  const [port] = await freePorts(1);
  return Store.start('redis', folder, [member(port as number)]);
}

function member(port: number): Member {
  const read = (key: string): Promise<string | undefined> => ask(port, `GET ${key}`);
  return {
    address: `127.0.0.1:${port}`,
    command: (data) => ({
      program: 'redis-server',
      args: [
        ...['--bind', '127.0.0.1', '--port', String(port), '--dir', data],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
      ],
    }),
    isReady: async () => (await ask(port, 'PING')) === 'PONG',
    read,
  };
}

/** One command on a connection of its own. While it loads its data it answers with an error: rejects. */
async function ask(port: number, command: string): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1').setTimeout(patienceMs, () => socket.destroy());
  try {
    await once(socket, 'connect');
    socket.end(`${command}\r\nQUIT\r\n`);
    const answer = Buffer.concat(await socket.toArray()).toString();
    if (answer.startsWith('-')) throw new Error(answer);
    if (answer.startsWith('$-1')) return undefined;
    const lines = answer.split('\r\n');
    return answer.startsWith('$') ? lines[1] : lines[0]?.slice(1);
  } finally {
    socket.destroy();
  }
}
