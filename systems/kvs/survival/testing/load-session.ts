import { setTimeout as pass } from 'node:timers/promises';
import type { CausalSession } from 'holdfast/checkers';
import { Agent, request } from 'undici';
import { limits } from './limits.ts';

export interface LoadSessionOptions {
  readonly name: string;
  /** `host:port` of each replica, the one to begin with first. */
  readonly addresses: readonly string[];
  /** What it does and sees goes here. */
  readonly history: CausalSession;
  /** Keys that all sessions write to. */
  readonly contested: readonly string[];
  /** Called for each acknowledged write to a key that is written once. */
  readonly onKept: (key: string, value: string) => void;
}

interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Waiting before the next replica is tried. */
const pauseMs = 50;

/**
 * One client: it does one thing after the other, carries its metadata along, and moves on to the next replica
 * when one does not answer, or does not cover what it has seen. Most of what it writes are keys of its own,
 * each written once: these must be there in the end.
 */
export class LoadSession {
  readonly #options: LoadSessionOptions;
  readonly #agent = new Agent({ connections: 1, connect: { timeout: 2_000 } });
  #metadata: unknown = null;
  #at = 0;
  #count = 0;
  #isOver = false;
  /** Answers of 2xx and 404. */
  answered = 0;
  /** In a row: what ended without one. */
  refusals = 0;

  constructor(options: LoadSessionOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** What it has seen. */
  get metadata(): unknown {
    return this.#metadata;
  }

  async run(): Promise<void> {
    while (!this.#isOver) await this.#act(this.#count++);
    await this.#agent.destroy();
  }

  stop(): void {
    this.#isOver = true;
  }

  #act(count: number): Promise<void> {
    const { name, contested } = this.#options;
    const key = contested[(count * 7 + name.length) % contested.length] as string;
    const mark = `${name}.${count}`;
    switch (count % 8) {
      case 3:
        return this.#put(key, mark);
      case 5:
        return this.#get(key);
      case 6:
        return this.#delete(key, mark);
      case 7:
        return this.#get(key);
      default:
        return this.#put(mark, mark);
    }
  }

  async #put(key: string, value: string): Promise<void> {
    const { history, onKept } = this.#options;
    const told = await this.#ask('PUT', key, { value });
    if (told === undefined) history.put(key, value, 'unknown');
    else if (told.status === 200 || told.status === 201) {
      history.put(key, value);
      if (key === value) onKept(key, value);
    }
  }

  async #get(key: string): Promise<void> {
    const { history } = this.#options;
    const told = await this.#ask('GET', key, {});
    if (told?.status === 200) history.get(key, told.body.value as string);
    else if (told?.status === 404) history.absent(key);
  }

  async #delete(key: string, id: string): Promise<void> {
    const { history } = this.#options;
    const told = await this.#ask('DELETE', key, {});
    if (told?.status === 200) history.delete(key, id);
    else if (told?.status === 404) {
      // Another delete came first, perhaps; whether this one was written as well the answer does not say.
      history.delete(key, id, 'unknown').absent(key);
    } else if (told === undefined) history.delete(key, id, 'unknown');
  }

  /** Undefined when there was no answer: then it may have been done. */
  async #ask(method: 'GET' | 'PUT' | 'DELETE', key: string, body: object): Promise<Told | undefined> {
    const { addresses } = this.#options;
    const url = `http://${addresses[this.#at % addresses.length]}/kvs/${key}`;
    const told = await send(this.#agent, url, method, { ...body, 'causal-metadata': this.#metadata });
    if (told !== undefined && (told.status < 300 || told.status === 404)) {
      this.#metadata = told.body['causal-metadata'];
      this.answered++;
      this.refusals = 0;
    } else {
      this.#at++;
      this.refusals++;
      await pass(pauseMs);
    }
    // What is not known to be written may be.
    return told?.status === 504 ? undefined : told;
  }
}

async function send(
  dispatcher: Agent,
  url: string,
  method: 'GET' | 'PUT' | 'DELETE',
  body: object,
): Promise<Told | undefined> {
  try {
    const signal = AbortSignal.timeout(limits.requestMs);
    const answer = await request(url, { method, body: JSON.stringify(body), dispatcher, signal });
    return { status: answer.statusCode, body: JSON.parse(await answer.body.text()) };
  } catch {
    return undefined;
  }
}
