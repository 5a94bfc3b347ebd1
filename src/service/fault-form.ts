import { z } from 'zod';
import type { Fault } from '../host/index.ts';
import { HoldfastError } from '../std/index.ts';

const delayMs = z.number().min(0).max(600_000).optional();
const drop = z.boolean().optional();
const name = z.string().min(1).max(256);

const faultForm = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('call'), service: name, instance: name.optional(), delayMs, drop }),
  z.strictObject({ kind: z.literal('network'), peer: name, delayMs, drop }),
  z.strictObject({ kind: z.literal('clock'), offsetMs: z.number().min(-1e12).max(1e12) }),
  z.strictObject({ kind: z.literal('disk'), full: z.boolean().optional(), delayMs }),
  z.strictObject({ kind: z.literal('pause') }),
]);

/** Throws `invalid_argument` for what is no fault. */
export function parseFault(value: unknown): Fault {
  const parsed = faultForm.safeParse(value);
  if (parsed.success) return parsed.data as Fault;
  throw new HoldfastError('invalid_argument', `This is no fault: ${z.prettifyError(parsed.error)}`);
}
