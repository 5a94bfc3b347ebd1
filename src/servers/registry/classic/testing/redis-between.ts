import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a Redis that can be cut or made silent, one direction at a time; Redis itself stays as it is. */
export class RedisBetween {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  #answers = true;
  #asks = true;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => this.#join(client));
  }

  /** To the Redis at this port of 127.0.0.1. */
  static async start(port: number): Promise<RedisBetween> {
    const between = new RedisBetween(port);
    await new Promise<void>((resolve) => between.#server.listen(0, '127.0.0.1', resolve));
    return between;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What is asked arrives, and what is answered is lost. */
  loseAnswers(): void {
    this.#answers = false;
  }

  /** Nothing arrives any more, and nobody is told. */
  silence(): void {
    this.#asks = false;
  }

  /** New connections work again; those that lost something are gone. */
  heal(): void {
    this.#answers = true;
    this.#asks = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    const redis = connect(this.#port, '127.0.0.1');
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (this.#asks) redis.write(bytes);
    });
    redis.on('data', (bytes) => {
      if (this.#answers) client.write(bytes);
    });
  }
}
