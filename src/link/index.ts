export { parseAddress } from './address.ts';
export type { LinkHost } from './channel.ts';
export type { LinkEvent } from './events.ts';
export { type LinkLimits, limits as linkLimits } from './limits.ts';
export type {
  DownReason,
  Link,
  LinkListener,
  LinkStream,
  Peer,
  Reply,
  RequestOutcome,
  StreamHandlers,
} from './link.ts';
export { Links, type LinksOptions } from './links.ts';
export type { RefusalReason } from './refusal.ts';
export { magic as linkMagic } from './wire.ts';
