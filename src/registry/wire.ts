import { z } from 'zod';
import { HoldfastError } from '../std/index.ts';
import { limits } from './limits.ts';
import type { Position, WatchFrame } from './watch-frame.ts';

/**
 * The registry's wire format, version 1 (`/v1/...`): JSON bodies and server-sent events. Readers ignore
 * fields and events they do not know, so that old and new versions work together.
 */
export const paths = {
  services: '/v1/services',
  service: (service: string) => `/v1/services/${encodeURIComponent(service)}`,
  instance: (service: string, id: string) =>
    `/v1/services/${encodeURIComponent(service)}/instances/${encodeURIComponent(id)}`,
  watch: (service?: string) =>
    service === undefined ? '/v1/watch' : `/v1/watch?service=${encodeURIComponent(service)}`,
} as const;

const text = (charsMax: number) => z.string().max(charsMax);

const serviceNameRule =
  'must be 1 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit';
export const serviceName = z.string(serviceNameRule).regex(/^[a-z0-9][a-z0-9-]{0,62}$/, serviceNameRule);

export const instanceId = z
  .string()
  .regex(/^(?!\.{1,2}$)[\w.:@-]{1,128}$/, 'must be 1 to 128 letters, digits and . _ : @ -');

export const incarnation = text(limits.incarnationCharsMax).regex(
  /^[A-Za-z0-9._:-]+$/,
  'must be letters, digits and . _ : -',
);

/** It becomes part of addresses, so it has to be one there; a zone id (`%eth0`) means nothing elsewhere. */
const host = text(limits.hostCharsMax)
  .regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name or an address')
  .refine((name) => URL.canParse(name.includes(':') ? `http://[${name}]` : `http://${name}`), {
    error: 'must be a host name or an address',
  });
const metadataKey = z.string().min(1).max(limits.metadataKeyCharsMax);
const metadata = z
  .record(metadataKey, text(limits.metadataValueCharsMax))
  .refine((entries) => Object.keys(entries).length <= limits.metadataEntriesMax, {
    error: `must have at most ${limits.metadataEntriesMax} entries`,
  });

const described = {
  incarnation,
  host,
  port: z.int().min(1).max(65_535),
  state: z.enum(['starting', 'ready', 'draining']),
  weight: z.number().min(0).max(limits.weightMax),
  zone: text(limits.zoneCharsMax).optional(),
  metadata: metadata.optional(),
};

/** Body of PUT /v1/services/{service}/instances/{id}. */
export const putBody = z.object({
  ...described,
  weight: described.weight.default(1),
  leaseMs: z.int().min(limits.leaseMsMin).max(limits.leaseMsMax).default(limits.leaseMs),
  /** Numbers the puts of one incarnation: one that was overtaken on its way changes nothing. */
  sequence: z.int().min(0).optional(),
});
export type PutBody = z.input<typeof putBody>;

export const putReply = z.object({ revision: z.int(), leaseMs: z.number() });
export const deleteReply = z.object({ removed: z.boolean(), revision: z.int() });

const instance = z.object({ id: instanceId, ...described });
const registered = z.object({ service: serviceName, ...instance.shape });

/** Reply of GET /v1/services/{service}. */
export const serviceReply = z.object({
  revision: z.int(),
  warming: z.boolean(),
  instances: z.array(instance),
});

/** Reply of GET /v1/services. */
export const servicesReply = z.object({
  revision: z.int(),
  warming: z.boolean(),
  /** While expiry is held back: so many of so many fell silent together, and for how long at most. */
  held: z.object({ silent: z.int(), total: z.int(), remainingMs: z.number() }).optional(),
  /** The same of instances that are probed: so many of so many fail together. */
  probesHeld: z.object({ failing: z.int(), total: z.int(), remainingMs: z.number() }).optional(),
  services: z.record(serviceName, z.array(instance)),
});

/** Data of the events of GET /v1/watch, by event name. */
export const watchEvents = {
  snapshot: z.object({ revision: z.int(), warming: z.boolean(), instances: z.array(registered) }),
  change: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('put'), revision: z.int(), service: serviceName, instance }),
    z.object({
      kind: z.literal('remove'),
      revision: z.int(),
      service: serviceName,
      id: instanceId,
      incarnation,
      why: z.enum(['withdrawn', 'expired']),
    }),
  ]),
  settled: z.object({ revision: z.int() }),
} as const;

export function formatPosition({ epoch, revision }: Position): string {
  return `${epoch}-${revision}`;
}

/** Undefined for anything that is no position. */
export function parsePosition(id: string): Position | undefined {
  const match = /^([0-9a-z]{1,32})-(\d{1,15})$/.exec(id);
  const [, epoch, revision] = match ?? [];
  return epoch === undefined || revision === undefined ? undefined : { epoch, revision: Number(revision) };
}

/** A frame as server-sent event. `alive` is a comment with an id, which moves a resuming client forward. */
export function encodeFrame(frame: WatchFrame): string {
  const id = formatPosition(frame.position);
  const { revision } = frame.position;
  switch (frame.type) {
    case 'alive':
      return `: alive\nid: ${id}\n\n`;
    case 'settled':
      return encodeEvent('settled', id, { revision });
    case 'change':
      return encodeEvent('change', id, frame.change);
    case 'snapshot': {
      const instances = frame.instances.map(({ service, instance }) => ({ service, ...instance }));
      return encodeEvent('snapshot', id, { revision, warming: frame.warming, instances });
    }
  }
}

const encodeEvent = (event: string, id: string, data: unknown): string =>
  `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * The frame of a block of the stream; undefined for an event of a later version. Throws `internal` when it
 * is malformed.
 */
export function decodeFrame(block: {
  readonly id: string;
  readonly event: string;
  readonly data: string | undefined;
}): WatchFrame | undefined {
  const position = parsePosition(block.id);
  if (block.data === undefined) return position === undefined ? undefined : { type: 'alive', position };
  if (!Object.hasOwn(watchEvents, block.event)) return undefined;
  if (position === undefined) throw malformed(`its id is ${JSON.stringify(block.id)}`);
  const data = parseJson(block.data);
  if (block.event === 'settled') return { type: 'settled', position };
  if (block.event === 'change') {
    const change = watchEvents.change.safeParse(data);
    if (!change.success) throw malformed(explain(change.error));
    return { type: 'change', position, change: change.data };
  }
  const snapshot = watchEvents.snapshot.safeParse(data);
  if (!snapshot.success) throw malformed(explain(snapshot.error));
  const instances = snapshot.data.instances.map(({ service, ...rest }) => ({ service, instance: rest }));
  return { type: 'snapshot', position, warming: snapshot.data.warming, instances };
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw malformed('its data is no JSON');
  }
}

const malformed = (why: string): HoldfastError =>
  new HoldfastError('internal', `The registry sent a malformed event: ${why}.`);

/** What is wrong with a value, for people: `port: Too small: expected number to be >=1`. */
export function explain(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}
