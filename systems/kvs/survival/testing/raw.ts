import net from 'node:net';
import { limits } from './limits.ts';

/** Sends bytes to a port as they are; resolves to what came back until the other side closed. */
export async function sayRaw(port: number, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  for (const part of parts) socket.write(part);
  socket.end();
  const timer = setTimeout(() => socket.destroy(), limits.requestMs);
  await new Promise((resolve) => socket.once('close', resolve));
  clearTimeout(timer);
  return heard;
}
