import { linkMagic } from 'holdfast/link';

/**
 * What the bytes of links are for. writes, claims, openings: records, each with the share of the message
 * it came in (below); antiEntropy: vectors that ask for what is lacking; acks: what is durable elsewhere;
 * heartbeats; greetings: handshakes of links and replicas; other: snapshots, and whatever comes to be.
 */
export const purposes = [
  'writes',
  'claims',
  'openings',
  'antiEntropy',
  'acks',
  'heartbeats',
  'greetings',
  'other',
] as const;

export type Purpose = (typeof purposes)[number];
export type Amounts = Readonly<Record<Purpose, number>>;

/**
 * The wire of links and of the causal store, as far as a meter has to know it. Read here a second time on
 * purpose: the figures are those of the network, not of what the sender believes to send. A change of
 * either wire fails the tests of the measurement, which hold these counts against what is applied.
 */
const headerBytes = 12;
const frames = { hello: 1, refuse: 4, heartbeat: 16, message: 17 } as const;
const messages: readonly (Purpose | 'records')[] = [
  'other',
  'greetings',
  'greetings',
  'antiEntropy',
  'records',
  'acks',
  'greetings',
];
const records: readonly Purpose[] = [
  'other',
  'writes',
  'writes',
  'claims',
  'openings',
  'openings',
  'writes',
  'writes',
  'claims',
];

/** Bytes of all links together, and how many things there were, by what they are for. */
export class Traffic {
  readonly #bytes = zeros();
  readonly #counts = zeros();
  /** All bytes, whatever they are for, whole frames or not. */
  written = 0;

  /** What it comes to since it began. */
  get bytes(): Amounts {
    return { ...this.#bytes };
  }

  /** Records, messages or frames. */
  get counts(): Amounts {
    return { ...this.#counts };
  }

  add(purpose: Purpose, bytes: number, count = 1): void {
    this.#bytes[purpose] += bytes;
    this.#counts[purpose] += count;
  }
}

/** One direction of one connection, cut into frames. Every byte is counted once, with its whole frame. */
export class FrameMeter {
  readonly #traffic: Traffic;
  #rest: Uint8Array = new Uint8Array(0);
  #hasMagic = false;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  push(bytes: Uint8Array): void {
    this.#traffic.written += bytes.byteLength;
    const all = this.#rest.byteLength === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    if (!this.#hasMagic && all.byteLength >= linkMagic.byteLength) {
      this.#hasMagic = true;
      at = linkMagic.byteLength;
      this.#traffic.add('greetings', at);
    }
    while (this.#hasMagic && all.byteLength - at >= headerBytes) {
      const view = new DataView(all.buffer, all.byteOffset + at);
      const end = at + headerBytes + view.getUint32(0);
      if (end > all.byteLength) break;
      this.#frame(view.getUint8(4), view.getUint16(6), all.subarray(at + headerBytes, end));
      at = end;
    }
    this.#rest = all.subarray(at);
  }

  #frame(type: number, kind: number, payload: Uint8Array): void {
    const bytes = headerBytes + payload.byteLength;
    if (type === frames.heartbeat) this.#traffic.add('heartbeats', bytes);
    else if (type >= frames.hello && type <= frames.refuse) this.#traffic.add('greetings', bytes);
    else if (type !== frames.message) this.#traffic.add('other', bytes);
    else {
      const purpose = messages[kind] ?? 'other';
      if (purpose === 'records') this.#records(payload);
      else this.#traffic.add(purpose, bytes);
    }
  }

  /** `epoch wantsAck (length record)*`: what is not a record is shared out evenly among them. */
  #records(payload: Uint8Array): void {
    let [, at] = varint(payload, 0);
    at++;
    const found: { readonly purpose: Purpose; readonly bytes: number }[] = [];
    let overhead = headerBytes + at;
    while (at < payload.byteLength) {
      const [length, start] = varint(payload, at);
      overhead += start - at;
      found.push({ purpose: records[payload[start] ?? 0] ?? 'other', bytes: length });
      at = start + length;
    }
    for (const { purpose, bytes } of found) this.#traffic.add(purpose, bytes + overhead / found.length);
  }
}

/** A LEB128 number, and where it ends. */
function varint(bytes: Uint8Array, start: number): readonly [value: number, end: number] {
  let value = 0;
  let scale = 1;
  for (let at = start; ; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at + 1];
    scale *= 0x80;
  }
}

export function difference(later: Amounts, earlier: Amounts): Amounts {
  const result = zeros();
  for (const purpose of purposes) result[purpose] = later[purpose] - earlier[purpose];
  return result;
}

export function totalOf(amounts: Amounts): number {
  return purposes.reduce((sum, purpose) => sum + amounts[purpose], 0);
}

function zeros(): Record<Purpose, number> {
  return Object.fromEntries(purposes.map((purpose) => [purpose, 0])) as Record<Purpose, number>;
}
