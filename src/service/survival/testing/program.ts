import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { limits } from './limits.ts';

/** What a program tells its parent, such as `{ type: 'state', state: 'ready', port: 8080 }`. */
export interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A process of its own that is told things, and tells them, by messages. It ends when its parent is gone. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #messages: Message[] = [];
  readonly #lastLines: string[] = [];
  readonly #news = new EventEmitter();

  constructor(file: string, env: Readonly<Record<string, string>>) {
    this.#name = file;
    const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
    const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
    // Nothing else of this environment: neither a key nor an address may reach a program by chance.
    this.#child = fork(file, [], { env: { PATH, HOME, ...cache, ...env }, execArgv: [], silent: true });
    this.#child.on('message', (message) => {
      this.#messages.push(message as Message);
      this.#news.emit('news');
    });
    this.#child.once('exit', () => this.#news.emit('news'));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > limits.linesKept) this.#lastLines.shift();
      });
    }
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  tell(message: object): void {
    this.#child.send(message);
  }

  /** The first message, past or future, that is meant. */
  async heard(isMeant: (message: Message) => boolean): Promise<Message> {
    const signal = AbortSignal.timeout(limits.messageWaitMs);
    for (;;) {
      const found = this.#messages.find(isMeant);
      if (found !== undefined) return found;
      if (this.hasEnded || signal.aborted) {
        const what = this.hasEnded ? 'ended' : 'said nothing';
        throw new Error(`${this.#name} ${what}:\n${this.#lastLines.join('\n')}`);
      }
      await once(this.#news, 'news', { signal }).catch(() => {});
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** `kill -9`; resolves when the process is gone, and with it its connections. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
