export type { Quarantined, Report, ViewAnswer } from './core/events.ts';
export { compareVersions, type StoreRecord, versionOf, type Write } from './core/record.ts';
export type { State } from './core/state.ts';
export type { Page } from './core/table.ts';
export { type CausalStoreOptions, type OpenedStore, openCausalStore } from './driver/open.ts';
export { CausalStore, type StoreAnswer, type StoreEvent } from './driver/store.ts';
export { limits as causalStoreLimits } from './limits.ts';
export { decodeToken } from './token.ts';
