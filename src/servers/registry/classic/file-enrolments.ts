import type { Host } from '../../../host/index.ts';
import { limits as registryLimits } from '../../../registry/index.ts';
import { HoldfastError } from '../../../std/index.ts';
import { DiskError, DurableFile } from './durable-file.ts';
import type {
  AddOutcome,
  Enrolment,
  Enrolments,
  KeptOutcome,
  RemovalOutcome,
  StorageFailure,
} from './enrolments.ts';
import { decodeEnrolments, encodeEnrolments } from './enrolments-text.ts';
import { limits } from './limits.ts';
import { OneAtATime } from './one-at-a-time.ts';

export const enrolmentsFileName = 'classic-enrolments.json';

/**
 * Enrolments in one file of the process's data folder, replaced as a whole with each change: a crash leaves
 * the file before or the one after. One process at a time.
 */
export class FileEnrolments implements Enrolments {
  readonly #file: DurableFile;
  readonly #changes = new OneAtATime(limits.changesWaitingMax);
  #byId: ReadonlyMap<string, Enrolment>;
  /** The file may say something else than we do: a change reached it and is not known to be durable. */
  #isUnsure = false;

  private constructor(file: DurableFile, enrolments: readonly Enrolment[]) {
    this.#file = file;
    this.#byId = new Map(enrolments.map((enrolment) => [enrolment.id, enrolment]));
  }

  /**
   * Reads what was kept. A damaged file is set aside under another name and reported with it. Throws
   * `failed_precondition` when the file cannot be read, or cannot be set aside.
   */
  static async open(
    host: Pick<Host, 'clock' | 'disk'>,
    folder: string,
    onDamage: (report: { readonly file: string; readonly keptAs: string }) => void,
  ): Promise<FileEnrolments> {
    const file = new DurableFile(host.disk, folder, enrolmentsFileName);
    try {
      const bytes = await file.read(limits.enrolmentsFileBytesMax);
      const enrolments = bytes === undefined ? [] : decode(bytes);
      if (enrolments !== undefined) return new FileEnrolments(file, enrolments);
      const stamp = new Date(host.clock.wallMs()).toISOString().replace(/[:.]/g, '-');
      const keptAs = await file.setAside(`${enrolmentsFileName}.damaged-${stamp}`);
      onDamage({ file: file.path, keptAs });
      return new FileEnrolments(file, []);
    } catch (cause) {
      if (!(cause instanceof DiskError)) throw cause;
      const text = `The registrations in ${file.path} cannot be read: make it readable, or move it away.`;
      throw new HoldfastError('failed_precondition', text, { cause });
    }
  }

  async list(): Promise<KeptOutcome> {
    return { result: 'kept', enrolments: [...this.#byId.values()] };
  }

  async add(enrolment: Enrolment): Promise<AddOutcome> {
    const added = this.#changes.run<AddOutcome>(async () => {
      const { id } = enrolment;
      if (this.#byId.size >= registryLimits.enrolmentsMax && !this.#byId.has(id)) return { result: 'full' };
      const failure = await this.#store(new Map(this.#byId).set(id, enrolment));
      return failure ?? { result: 'added' };
    });
    return (await added) ?? tooMany;
  }

  async remove({ id, incarnation }: Pick<Enrolment, 'id' | 'incarnation'>): Promise<RemovalOutcome> {
    const removed = this.#changes.run<RemovalOutcome>(async () => {
      if (this.#byId.get(id)?.incarnation !== incarnation) return { result: 'absent' };
      const next = new Map(this.#byId);
      next.delete(id);
      return (await this.#store(next)) ?? { result: 'removed' };
    });
    return (await removed) ?? tooMany;
  }

  /** All or nothing: when the change cannot be made durable, the file is put back as it was. */
  async #store(next: ReadonlyMap<string, Enrolment>): Promise<StorageFailure | undefined> {
    const failure = await this.#write(next);
    if (failure === undefined) {
      this.#byId = next;
      return undefined;
    }
    if (this.#isUnsure) await this.#write(this.#byId);
    if (!this.#isUnsure) return failure;
    return { ...failure, why: `${failure.why} (and it may turn up again after a restart)` };
  }

  async #write(enrolments: ReadonlyMap<string, Enrolment>): Promise<StorageFailure | undefined> {
    const bytes = Buffer.from(encodeEnrolments([...enrolments.values()]));
    try {
      await this.#file.replace(bytes, () => {
        this.#isUnsure = true;
      });
      this.#isUnsure = false;
      return undefined;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      const noRoom = error.kind === 'full';
      const what = noRoom ? 'there is no room' : error.message.replace(/\.$/, '');
      return { result: 'failed', noRoom, why: `${this.#file.path} cannot be written: ${what}` };
    }
  }
}

const tooMany: StorageFailure = { result: 'failed', noRoom: false, why: 'too many registrations wait' };

function decode(bytes: Uint8Array): readonly Enrolment[] | undefined {
  return bytes.byteLength > limits.enrolmentsFileBytesMax
    ? undefined
    : decodeEnrolments(Buffer.from(bytes).toString('utf8'));
}
