/** An instance that was registered in the classic form: it holds no lease and is probed instead. */
export interface Enrolment {
  readonly service: string;
  /** Made of service, host and port, so unique by itself. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /**
   * New with each registration: what is removed late must not take a later registration with it. The first
   * incarnation that the instance is listed by.
   */
  readonly incarnation: string;
}

/**
 * Where enrolments are kept over restarts: a port. Several registries may share one behind it. No method
 * rejects or throws; changes asked for at the same time take effect one after the other.
 */
export interface Enrolments {
  /** All of them, in any order. */
  list(): Promise<KeptOutcome>;
  /**
   * Keeps one, in the place of one with the same id. `added` means durable; after any other result the one
   * before is still there. (Where that could not be brought back, or is not known, `failed` says so.)
   */
  add(enrolment: Enrolment): Promise<AddOutcome>;
  /** Gives one up, durably; one of the same id and another incarnation is left alone. */
  remove(enrolment: Pick<Enrolment, 'id' | 'incarnation'>): Promise<RemovalOutcome>;
}

export type KeptOutcome =
  | { readonly result: 'kept'; readonly enrolments: readonly Enrolment[] }
  | StorageFailure;

export type AddOutcome =
  | { readonly result: 'added' }
  /** There are `enrolmentsMax` already, and none of this id among them. */
  | { readonly result: 'full' }
  | StorageFailure;

export type RemovalOutcome =
  | { readonly result: 'removed' }
  | { readonly result: 'absent' }
  | StorageFailure;

export interface StorageFailure {
  readonly result: 'failed';
  /** No room to store it; else a failure that may pass by itself. */
  readonly noRoom: boolean;
  /** Nobody knows whether it was done: it was asked for, and not answered. */
  readonly isUnsure?: true;
  /** One sentence for people, without the full stop: what failed, where. */
  readonly why: string;
}
