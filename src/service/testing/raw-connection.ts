import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** HTTP/1.1 by hand, for what no client would send. */
export class RawConnection {
  readonly socket: Socket;
  #received = '';
  #wake: (() => void)[] = [];
  #isEnded = false;
  #failure: NodeJS.ErrnoException | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    const wake = (): void => {
      for (const each of this.#wake.splice(0)) each();
    };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      wake();
    });
    socket.on('error', (error) => {
      this.#failure = error;
    });
    socket.on('end', () => {
      this.#isEnded = true;
      wake();
    });
    socket.on('close', () => {
      this.#isEnded = true;
      wake();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** `ECONNRESET` when the other side broke it off. */
  get failure(): string | undefined {
    return this.#failure?.code;
  }

  /** What came and was not read as an answer yet. */
  get unread(): string {
    return this.#received;
  }

  write(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  /** A request with a Host field. */
  send(method: string, target: string, fields: readonly string[] = [], body = ''): this {
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: test', ...fields];
    if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    return this.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  /** The next answer. Rejects when the connection ends before it is whole. */
  async answer(options: { readonly hasBody?: boolean } = {}): Promise<RawAnswer> {
    const headEnd = await this.#find('\r\n\r\n');
    const [statusLine = '', ...fields] = this.#received.slice(0, headEnd).split('\r\n');
    const headers = Object.fromEntries(
      fields.map((field) => {
        const [name = '', ...value] = field.split(':');
        return [name.toLowerCase(), value.join(':').trim()];
      }),
    );
    const length = options.hasBody === false ? 0 : Number(headers['content-length'] ?? 0);
    const end = headEnd + 4 + length;
    while (this.#received.length < end) await this.#more();
    const body = Buffer.from(this.#received.slice(headEnd + 4, end), 'latin1').toString('utf8');
    this.#received = this.#received.slice(end);
    return { status: Number(statusLine.split(' ')[1]), headers, body };
  }

  /** Resolves when the other side has closed, for writing at least. */
  async ended(): Promise<void> {
    while (!this.#isEnded) await this.#change();
  }

  close(): void {
    this.socket.destroy();
  }

  async #find(text: string): Promise<number> {
    for (;;) {
      const index = this.#received.indexOf(text);
      if (index >= 0) return index;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    if (this.#isEnded) throw new Error(`The connection ended after: ${JSON.stringify(this.#received)}`);
    await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }
}

/** Whether nobody takes connections at this port. */
export function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
