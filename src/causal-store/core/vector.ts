import type { Dot } from './record.ts';

/** A version vector: for each origin the highest sequence up to which all is covered. */
export type Vector = ReadonlyMap<string, number>;

export function sequenceOf(vector: Vector, origin: string): number {
  return vector.get(origin) ?? 0;
}

export function coversDot(vector: Vector, { origin, sequence }: Dot): boolean {
  return sequenceOf(vector, origin) >= sequence;
}

export function coversAll(vector: Vector, dots: Iterable<Dot>): boolean {
  for (const dot of dots) if (!coversDot(vector, dot)) return false;
  return true;
}

/** Whether `one` has at least all of `two`. */
export function includes(one: Vector, two: Vector): boolean {
  for (const [origin, sequence] of two) if (sequenceOf(one, origin) < sequence) return false;
  return true;
}

export function raise(vector: Map<string, number>, origin: string, sequence: number): void {
  if (sequence > sequenceOf(vector, origin)) vector.set(origin, sequence);
}

export function dotsOf(vector: Vector): Dot[] {
  return Array.from(vector, ([origin, sequence]) => ({ origin, sequence }));
}
