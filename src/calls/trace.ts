import type { Random } from '../host/index.ts';

/** Where a request belongs: W3C Trace Context (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero: the span that is the parent of what comes next. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The `tracestate` header as it came. */
  readonly state?: string | undefined;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/;
const stateLengthMax = 512;

/** Undefined for a header that is absent or not valid: then a new trace starts (section 4.3). */
export function parseTraceparent(traceparent: unknown, tracestate?: unknown): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > 128) return undefined;
  const match = form.exec(traceparent);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as string[];
  if (version === 'ff' || (version === '00' && rest !== '')) return undefined;
  if (/^0+$/.test(traceId as string) || /^0+$/.test(spanId as string)) return undefined;
  const state =
    typeof tracestate === 'string' && tracestate.length <= stateLengthMax ? tracestate : undefined;
  return {
    traceId: traceId as string,
    spanId: spanId as string,
    sampled: (Number.parseInt(flags as string, 16) & 1) === 1,
    ...(state === undefined ? {} : { state }),
  };
}

export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

export function newTrace(random: Random): TraceContext {
  return { traceId: hex(random, 4), spanId: hex(random, 2), sampled: false };
}

/** The same trace, with a span of its own for what is sent next. */
export function childOf(trace: TraceContext, random: Random): TraceContext {
  return { ...trace, spanId: hex(random, 2) };
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Eight digits for each word; never all zero. */
function hex(random: Random, words: number): string {
  let text = '';
  let bits = 0;
  for (let word = 0; word < words; word++) {
    const value = random.u32();
    bits |= value;
    for (let shift = 24; shift >= 0; shift -= 8) text += hexOfByte[(value >>> shift) & 0xff];
  }
  return bits === 0 ? hex(random, words) : text;
}
