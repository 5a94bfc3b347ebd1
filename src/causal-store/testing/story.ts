import type { Partition } from '../../simulator/index.ts';
import type { StoreRecord } from '../core/record.ts';
import { decodeToken, type StoreAnswer } from '../index.ts';
import { addressOf, Cluster, tokenOf } from './cluster.ts';

/** A cluster whose life is written down line by line, each with the second it happened in. */
export class Story {
  readonly cluster: Cluster;
  readonly #lines: string[] = [];
  /** By incarnation: `r1.2` for the second life of r1. */
  readonly #names = new Map<string, string>();
  readonly #lives = new Map<string, number>();

  constructor(title: string, size: number) {
    this.#lines.push(title, '='.repeat(title.length), '');
    this.cluster = Cluster.ready(size);
    this.tell(`${this.cluster.names.join(', ')} are up and linked`);
    this.applied();
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  /** What is to be learnt from what follows. */
  say(...lines: readonly string[]): void {
    this.#lines.push('', ...lines.map((line) => `# ${line}`));
  }

  tell(line: string): void {
    this.#lines.push(`${(this.cluster.nowMs / 1000).toFixed(1).padStart(6)} s  ${line}`);
  }

  client(name: string): StoryClient {
    return new StoryClient(this, name);
  }

  /** Lets time pass. */
  wait(seconds: number): void {
    this.cluster.runFor(seconds * 1000);
  }

  /** What these replicas have applied, or all. */
  applied(...names: readonly string[]): void {
    for (const name of names.length > 0 ? names : this.cluster.names) {
      if (!this.cluster.isUp(name)) continue;
      const { applied } = this.cluster.store(name).replica.ledger.state;
      this.#lines.push(`            ${name} has applied ${this.vector(applied)}`);
    }
  }

  cut(name: string): Partition {
    const partition = this.cluster.isolate(name);
    this.tell(`the network: ${name} is cut off from the others`);
    return {
      mend: () => {
        partition.mend();
        this.tell(`the network: ${name} reaches the others again`);
      },
    };
  }

  /** Runs until it holds, and returns how many seconds that took. */
  until(condition: () => boolean, what: string, withinMs?: number): number {
    const beganMs = this.cluster.nowMs;
    this.cluster.until(condition, what, withinMs);
    return (this.cluster.nowMs - beganMs) / 1000;
  }

  changeView(at: string, whom: string, present: boolean): void {
    const answer = this.cluster.changeView(at, whom, present);
    const asked = present ? 'PUT' : 'DELETE';
    this.tell(`the operator at ${at}: ${asked} /view ${addressOf(whom)}: ${answer.kind}`);
  }

  vector(applied: ReadonlyMap<string, number>): string {
    const entries = [...applied].map(([origin, sequence]) => `${this.nameOf(origin)}:${sequence}`);
    return entries.length === 0 ? 'nothing' : entries.sort().join(' ');
  }

  token(text: string): string {
    const dots = decodeToken(text, 0);
    if (dots === 'unknown') return 'unknown';
    return dots.map(({ origin, sequence }) => `${this.nameOf(origin)}:${sequence}`).join(' ') || 'none';
  }

  record({ kind, origin, sequence, dependencies }: StoreRecord): string {
    const has = this.vector(new Map(dependencies.map((dot) => [dot.origin, dot.sequence])));
    return `${kind} ${this.nameOf(origin)}:${sequence}, which says it has ${has}`;
  }

  /** Learnt from those that live now: asked for before another life begins. */
  nameOf(origin: string): string {
    for (const name of this.cluster.names) {
      if (this.cluster.isUp(name)) this.#learn(name, this.cluster.store(name).replica.ledger.own.origin);
    }
    return this.#names.get(origin) ?? 'unknown';
  }

  #learn(replica: string, origin: string): void {
    if (this.#names.has(origin)) return;
    const life = (this.#lives.get(replica) ?? 0) + 1;
    this.#lives.set(replica, life);
    this.#names.set(origin, `${replica}.${life}`);
  }
}

/** Somebody who carries a token from answer to request. */
export class StoryClient {
  readonly #story: Story;
  readonly #name: string;
  token = '';

  constructor(story: Story, name: string) {
    this.#story = story;
    this.#name = name;
  }

  put(at: string, key: string, value: string): StoreAnswer {
    return this.#ask(`PUT ${key} = ${value} at ${at}`, () =>
      this.#story.cluster.put(at, key, value, this.token),
    );
  }

  delete(at: string, key: string): StoreAnswer {
    return this.#ask(`DELETE ${key} at ${at}`, () => this.#story.cluster.delete(at, key, this.token));
  }

  get(at: string, key: string): StoreAnswer {
    return this.#ask(`GET ${key} at ${at}`, () => this.#story.cluster.get(at, key, this.token));
  }

  /** Takes over the token of somebody who tells about it. */
  hears(from: StoryClient): void {
    this.token = from.token;
    this.#story.tell(`${this.#name} hears of it from ${from.#name}, and has the token ${this.#shown}`);
  }

  get #shown(): string {
    return `[${this.#story.token(this.token)}]`;
  }

  #ask(what: string, ask: () => StoreAnswer): StoreAnswer {
    const before = this.#shown;
    const beganMs = this.#story.cluster.nowMs;
    const answer = ask();
    const waitedMs = Math.round(this.#story.cluster.nowMs - beganMs);
    const waited = waitedMs > 10 ? ` after ${waitedMs} ms` : '';
    this.#story.tell(`${this.#name}, token ${before}: ${what}`);
    if ('token' in answer) this.token = tokenOf(answer);
    const value = answer.kind === 'found' ? ` ${JSON.parse(answer.value)}` : '';
    const held = 'token' in answer ? `, token ${this.#shown}` : '';
    const told = answer.kind === 'uncovered' ? '503, causal dependencies not satisfied' : answer.kind;
    this.#story.tell(`    ${told}${value}${waited}${held}`);
    return answer;
  }
}
