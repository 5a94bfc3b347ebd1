import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  incarnation,
  instanceId,
  putBody,
  limits as registryLimits,
  serviceName,
} from '../../../registry/index.ts';
import type { Enrolment } from './enrolments.ts';

/**
 * What the file of enrolments holds: JSON with a version and a checksum, in exactly one spelling. It says
 * where passwords are sent, so a single changed byte makes it void.
 */
const version = 1;

export const enrolmentShape = z.object({
  service: serviceName,
  id: instanceId,
  host: putBody.shape.host,
  port: putBody.shape.port,
  incarnation,
});

const shape = z.object({
  version: z.literal(version),
  sha256: z.string(),
  enrolments: z.array(enrolmentShape).max(registryLimits.enrolmentsMax),
});

export function encodeEnrolments(enrolments: readonly Enrolment[]): string {
  const plain = enrolments.map(({ service, id, host, port, incarnation: life }) => {
    return { service, id, host, port, incarnation: life };
  });
  const sha256 = createHash('sha256').update(JSON.stringify(plain)).digest('hex');
  return `${JSON.stringify({ version, sha256, enrolments: plain }, undefined, 1)}\n`;
}

/** Undefined for anything that `encodeEnrolments` did not write. */
export function decodeEnrolments(text: string): readonly Enrolment[] | undefined {
  const parsed = shape.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { enrolments } = parsed.data;
  return encodeEnrolments(enrolments) === text ? enrolments : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
