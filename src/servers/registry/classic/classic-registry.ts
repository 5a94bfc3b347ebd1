import type { Host, Timer } from '../../../host/index.ts';
import {
  newIncarnation,
  type ProbesHeld,
  type ProbingReport,
  type PutOutcome,
  type RegistryStore,
  limits as registryLimits,
} from '../../../registry/index.ts';
import { describeError } from '../../../std/index.ts';
import type { Logger } from '../../../telemetry/index.ts';
import type { Enrolment, Enrolments, StorageFailure } from './enrolments.ts';
import { limits } from './limits.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { isProbed, listedBy, putProbed, refusal, unknown } from './probed-listing.ts';
import { Probing } from './probing.ts';
import { mayBeClassic, type Registration } from './registration.ts';
import { TakeBacks } from './take-backs.ts';

export interface ClassicRegistryOptions {
  readonly host: Host;
  readonly log: Logger;
  readonly store: RegistryStore;
  readonly enrolments: Enrolments;
  /** How often enrolments are read again; `limits.refreshMs` by default. */
  readonly refreshMs?: number | undefined;
}

export type RegisterOutcome =
  | { readonly result: 'registered' }
  /** `enrolmentsMax` are enrolled already. */
  | { readonly result: 'full' }
  /** The list has no room for it, or does not take it; nothing has changed. */
  | { readonly result: 'refused'; readonly why: string }
  /** The list cannot be written for now. */
  | { readonly result: 'unavailable'; readonly why: string }
  | StorageFailure;

interface Enrolled {
  readonly enrolment: Enrolment;
  /** What it is listed by, or is to be next. Undefined: a new one, unless another registry lists it. */
  incarnation: string | undefined;
  standing: 'listed' | 'unlisted' | 'refused';
}

/**
 * Instances that were registered in the classic form. Each is listed with a lease that its successful probes
 * renew, in the same store as everybody, so registries that share the store and the enrolments need not know
 * of each other: whoever reaches the instance keeps it listed.
 *
 * Each listing after a removal needs a new incarnation, because a removed one never returns. One that another
 * registry has listed it by in the meantime is taken over.
 */
export class ClassicRegistry {
  readonly #host: Host;
  readonly #log: Logger;
  readonly #store: RegistryStore;
  readonly #enrolments: Enrolments;
  readonly #refreshMs: number;
  readonly #probing: Probing;
  readonly #enrolled = new Map<string, Enrolled>();
  /** Registering, ending and reading again never see each other half done. */
  readonly #changes = new OneAtATime(limits.changesWaitingMax);
  readonly #takeBacks: TakeBacks;
  #refreshTimer: Timer | undefined;
  /** The enrolments could not be read the last time. */
  #isBehind = false;
  #isClosed = false;

  private constructor({ host, log, store, enrolments, refreshMs }: ClassicRegistryOptions) {
    this.#host = host;
    this.#log = log;
    this.#store = store;
    this.#enrolments = enrolments;
    this.#takeBacks = new TakeBacks(enrolments);
    this.#refreshMs = refreshMs ?? limits.refreshMs;
    this.#probing = new Probing(host, {
      onAlive: (id) => this.#onAlive(id),
      onHeld: (id) => this.#onHeld(id),
      onReport: (report) => this.#onReport(report),
      onUnlist: (id, failures, why) => this.#onUnlist(id, failures, why),
      onForget: (id, failingMs, why) => this.#onForget(id, failingMs, why),
    });
  }

  /** Goes on with what is enrolled: each is listed once a probe has reached it. */
  static async start(options: ClassicRegistryOptions): Promise<ClassicRegistry> {
    const classic = new ClassicRegistry(options);
    await classic.#refresh();
    const { size } = classic.#enrolled;
    if (size > 0) options.log.info('probing what was registered earlier', { instances: size });
    classic.#refreshLater();
    return classic;
  }

  /** While most instances fail their probes together and stay listed for that. */
  get held(): ProbesHeld | undefined {
    return this.#probing.held;
  }

  /** Listed at once, and probed from now on. */
  async register(registration: Registration): Promise<RegisterOutcome> {
    const registered = this.#changes.run(() => this.#register(registration));
    return (await registered) ?? { result: 'failed', noRoom: false, why: 'too many registrations wait' };
  }

  /**
   * Ends the probing of an instance that is about to be removed, so that it does not come back by itself.
   * While it is listed only by the incarnation it is listed by, otherwise by any. Answers whether it did.
   */
  async end(service: string, id: string, incarnation: string): Promise<boolean | StorageFailure> {
    // Another registry may have taken it a moment ago.
    if (!this.#enrolled.has(id) && !mayBeClassic(service, id)) return false;
    const ended = this.#changes.run(() => this.#end(service, id, incarnation));
    return (await ended) ?? { result: 'failed', noRoom: false, why: 'too many changes wait' };
  }

  /** Nothing is probed any more. Resolves when the changes under way are stored, or have failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#refreshTimer?.cancel();
    this.#probing.close();
    await this.#changes.idle();
  }

  async #register({ service, id, host, port }: Registration): Promise<RegisterOutcome> {
    const before = this.#enrolled.get(id)?.enrolment;
    const enrolment = { service, id, host, port, incarnation: newIncarnation(this.#host) };
    const added = await this.#enrolments.add(enrolment);
    if (added.result === 'failed' && added.isUnsure) this.#takeBacks.add(enrolment, before);
    if (added.result !== 'added') return added;
    const enrolled: Enrolled = {
      enrolment,
      incarnation: enrolment.incarnation,
      standing: 'listed',
    };
    const outcome = await this.#put(enrolled);
    if (outcome.result !== 'listed' && !adopt(enrolled, outcome)) {
      await this.#undo(enrolment, before);
      return outcome.result === 'unavailable' ? outcome : { result: 'refused', why: refusal(outcome) };
    }
    this.#enrolled.set(id, enrolled);
    this.#probing.start(id, { host, port }, true);
    const address = addressOf(enrolment);
    this.#log.info('registered', { of: service, instance: id, address, incarnation: enrolled.incarnation });
    return { result: 'registered' };
  }

  async #undo(enrolment: Enrolment, before: Enrolment | undefined): Promise<void> {
    const undone =
      before === undefined ? await this.#enrolments.remove(enrolment) : await this.#enrolments.add(before);
    if (undone.result !== 'failed') return;
    this.#takeBacks.add(enrolment, before);
    const error = `A refused registration is still kept: ${undone.why}.`;
    this.#log.error({ of: enrolment.service, instance: enrolment.id, error });
  }

  async #end(service: string, id: string, incarnation: string): Promise<boolean | StorageFailure> {
    const unread = await this.#refresh();
    if (unread !== undefined) return unread;
    const enrolled = this.#enrolled.get(id);
    if (enrolled?.enrolment.service !== service) return false;
    const listed = await listedBy(this.#store, enrolled.enrolment);
    if (listed === unknown) return { result: 'failed', noRoom: false, why: 'the list cannot be read' };
    if (listed !== undefined && listed.incarnation !== incarnation) return false;
    const removed = await this.#enrolments.remove(enrolled.enrolment);
    if (removed.result === 'failed') return removed;
    this.#drop(id);
    this.#log.info('probed no more', { of: service, instance: id, why: 'unregistered' });
    return true;
  }

  #drop(id: string): void {
    this.#enrolled.delete(id);
    this.#probing.stop(id);
  }

  #onAlive(id: string): void {
    const enrolled = this.#enrolled.get(id);
    if (enrolled === undefined) return;
    this.#renew(enrolled).catch((error: unknown) => this.#failed(enrolled, error));
  }

  async #renew(enrolled: Enrolled): Promise<void> {
    if (enrolled.incarnation === undefined && !(await this.#chooseIncarnation(enrolled))) return;
    const outcome = await this.#put(enrolled);
    // A store that cannot be used for now reports that itself; the next success tries again.
    if (outcome.result === 'unavailable' || !this.#isCurrent(enrolled)) return;
    if (outcome.result === 'listed' || adopt(enrolled, outcome)) this.#stands(enrolled, 'listed');
    else if (outcome.result === 'fenced' && outcome.by !== undefined) {
      await this.#giveUp(enrolled, refusal(outcome));
    } else {
      // Removed through another registry, or no room: the next success tries again, if it is still enrolled.
      enrolled.incarnation = undefined;
      this.#stands(enrolled, 'refused', refusal(outcome));
    }
  }

  /**
   * For an instance that is not listed: false when it is not to be listed after all. Another registry may
   * have ended it a moment ago, and it must not come back; or it may have listed it.
   */
  async #chooseIncarnation(enrolled: Enrolled): Promise<boolean> {
    const { enrolment } = enrolled;
    await this.#changes.run(() => this.#refresh());
    const listed = await listedBy(this.#store, enrolment);
    if (listed === unknown || !this.#isCurrent(enrolled)) return false;
    // It failed again in the meantime.
    if (!this.#probing.isListed(enrolment.id)) return false;
    const isOurs = listed !== undefined && isProbed(listed, enrolment);
    enrolled.incarnation = isOurs ? listed.incarnation : newIncarnation(this.#host);
    return true;
  }

  #isCurrent(enrolled: Enrolled): boolean {
    return !this.#isClosed && this.#enrolled.get(enrolled.enrolment.id) === enrolled;
  }

  /** Says what has changed, once. */
  #stands(enrolled: Enrolled, standing: 'listed' | 'refused', why?: string): void {
    if (enrolled.standing === standing) return;
    enrolled.standing = standing;
    const { service, id } = enrolled.enrolment;
    const fields = { of: service, instance: id };
    if (standing === 'refused') this.#log.warn('not listed', { ...fields, why });
    else this.#log.info('listed again', { ...fields, incarnation: enrolled.incarnation });
  }

  /** Renews and lists nothing: what failed must not come back while another registry took it off the list. */
  #onHeld(id: string): void {
    const enrolled = this.#enrolled.get(id);
    if (enrolled?.standing !== 'listed' || enrolled.incarnation === undefined) return;
    this.#put(enrolled).catch((error: unknown) => this.#failed(enrolled, error));
  }

  #onReport(report: ProbingReport): void {
    const { failing, total } = report;
    const error =
      report.type === 'probes-held'
        ? `${failing} of ${total} probed instances fail together: they stay listed for up to ` +
          `${report.holdMs / 1000} s, in case it is the network.`
        : `${failing} of ${total} probed instances are given up after a mass failure of probes.`;
    this.#log.warn({ error });
  }

  #onUnlist(id: string, failures: number, why: string): void {
    const enrolled = this.#enrolled.get(id);
    if (enrolled === undefined) return;
    const { service } = enrolled.enrolment;
    const { incarnation } = enrolled;
    this.#log.warn('unlisted', { of: service, instance: id, incarnation, failures, why });
    enrolled.standing = 'unlisted';
    enrolled.incarnation = undefined;
    if (incarnation !== undefined) this.#store.remove({ service, id, incarnation }, () => {});
  }

  #onForget(id: string, failingMs: number, why: string): void {
    const enrolled = this.#enrolled.get(id);
    if (enrolled === undefined) return;
    const text = `it failed for ${Math.round(failingMs / 3_600_000)} hours: ${why}`;
    this.#giveUp(enrolled, text).catch((error: unknown) => this.#failed(enrolled, error));
  }

  async #giveUp(enrolled: Enrolled, why: string): Promise<void> {
    const { service, id } = enrolled.enrolment;
    this.#drop(id);
    this.#log.warn('probed no more', { of: service, instance: id, why });
    const removed = await this.#changes.run(() => this.#enrolments.remove(enrolled.enrolment));
    if (removed?.result !== 'failed') return;
    this.#log.warn({ of: service, instance: id, error: `It is still kept: ${removed.why}.` });
  }

  #failed({ enrolment }: Enrolled, error: unknown): void {
    this.#log.error({ of: enrolment.service, instance: enrolment.id, error: describeError(error) });
  }

  #refreshLater(): void {
    if (this.#isClosed) return;
    this.#refreshTimer = this.#host.clock.setTimer(this.#refreshMs, () => {
      const refreshed = this.#changes.run(() => this.#refresh()) ?? Promise.resolve();
      refreshed.then(
        () => this.#refreshLater(),
        (error: unknown) => {
          this.#log.error({ error });
          this.#refreshLater();
        },
      );
    });
  }

  /** Probes exactly what is enrolled, also through other registries. What it answers is why it cannot. */
  async #refresh(): Promise<StorageFailure | undefined> {
    await this.#takeBacks.removeAll();
    const outcome = await this.#enrolments.list();
    if (this.#isClosed) return undefined;
    if (outcome.result === 'failed') {
      if (!this.#isBehind) this.#log.warn({ error: `Registrations may be missing: ${outcome.why}.` });
      this.#isBehind = true;
      return outcome;
    }
    if (this.#isBehind) this.#log.info('registrations are read again');
    this.#isBehind = false;
    const kept = new Map(outcome.enrolments.map((enrolment) => [enrolment.id, enrolment]));
    for (const [id, { enrolment }] of this.#enrolled) {
      const now = kept.get(id);
      if (now?.incarnation === enrolment.incarnation) continue;
      this.#drop(id);
      if (now !== undefined) continue;
      const why = 'unregistered through another registry';
      this.#log.info('probed no more', { of: enrolment.service, instance: id, why });
    }
    for (const enrolment of outcome.enrolments.slice(0, registryLimits.enrolmentsMax)) {
      if (this.#enrolled.has(enrolment.id)) continue;
      this.#enrolled.set(enrolment.id, { enrolment, incarnation: undefined, standing: 'unlisted' });
      this.#probing.start(enrolment.id, enrolment, false);
    }
    return undefined;
  }

  #put({ enrolment, incarnation }: Enrolled): Promise<PutOutcome> {
    return putProbed(this.#store, enrolment, incarnation ?? enrolment.incarnation);
  }
}

/** Takes over the incarnation that another registry has listed the same instance by. */
function adopt(enrolled: Enrolled, outcome: PutOutcome): boolean {
  if (outcome.result !== 'fenced' || outcome.by === undefined) return false;
  if (!isProbed(outcome.by, enrolled.enrolment)) return false;
  enrolled.incarnation = outcome.by.incarnation;
  return true;
}

function addressOf({ host, port }: Enrolment): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
