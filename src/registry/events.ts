/**
 * What the registry's client reports to its observer. `registry` is an address such as
 * `http://127.0.0.1:8500`.
 */
export type RegistryEvent = AnnouncerReport | ViewReport;

/** Each comes once per change of fortune, not once per attempt. */
export type AnnouncerReport =
  | {
      readonly type: 'registered';
      readonly registry: string;
      readonly service: string;
      readonly id: string;
      /** True when it had been registered there before and the registry was lost in between. */
      readonly again: boolean;
    }
  /** Not registered (any more), for now: the client goes on trying. */
  | {
      readonly type: 'announce-failed';
      readonly registry: string;
      readonly service: string;
      readonly id: string;
      readonly why: string;
    }
  /** The registry has another cluster key. `why` says what to do. Tried on now and then. */
  | { readonly type: 'key-refused'; readonly registry: string; readonly why: string }
  /** Another process announces the same id, or an operator removed this one. */
  | {
      readonly type: 'superseded';
      readonly registry: string;
      readonly service: string;
      readonly id: string;
      readonly why: string;
    }
  | {
      readonly type: 'withdrawn';
      readonly registry: string;
      readonly service: string;
      readonly id: string;
      /** False when the registry did not answer in time: the lease runs out by itself. */
      readonly confirmed: boolean;
    };

export type ViewReport =
  | { readonly type: 'watch-opened'; readonly registry: string; readonly service: string }
  /** The last known list goes on being used. */
  | {
      readonly type: 'watch-lost';
      readonly registry: string;
      readonly service: string;
      readonly why: string;
    };
