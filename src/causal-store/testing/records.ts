import type { Prng } from '../../std/index.ts';
import type {
  Claim,
  Dot,
  Encoded,
  MemberChange,
  Opening,
  StoreRecord,
  VersionId,
  Write,
} from '../core/record.ts';
import { encodeRecord } from '../wire.ts';
import { pick } from './seeds.ts';

/** The incarnation, or node, that a letter from a to f or a digit stands for. */
export function id(letter: string): string {
  return letter.repeat(16);
}

/** `a1 b2` as dots. */
export function dots(text: string): Dot[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(dot);
}

export function dot(word: string): Dot {
  return { origin: id(word.slice(0, 1)), sequence: Number(word.slice(1)) };
}

/** `a1 b2` as a vector. */
export function vector(text: string): Map<string, number> {
  return new Map(dots(text).map(({ origin, sequence }) => [origin, sequence]));
}

type Rest<R extends StoreRecord> = Partial<Omit<R, 'kind' | 'origin' | 'sequence' | 'dependencies'>> & {
  /** Its dependencies, as `a1 b2`. */
  readonly after?: string;
};

/** The write of a dot such as `a1`: of key k, under the stamp of its sequence unless another is given. */
export function write(word: string, { after = '', ...rest }: Rest<Write> = {}): Write {
  return {
    ...head(word, after),
    kind: 'write',
    key: 'k',
    value: JSON.stringify(word),
    first: undefined,
    ...rest,
  };
}

export function claim(word: string, after: string, isEcho = false): Claim {
  return { ...head(word, after), kind: 'claim', isEcho };
}

export function opening(word: string, { after = '', ...rest }: Rest<Opening> = {}): Opening {
  const { origin } = dot(word);
  return {
    ...head(word, after),
    kind: 'opening',
    node: origin,
    start: 1,
    address: `${word.slice(0, 1)}:1`,
    leaves: undefined,
    abandons: [],
    vouches: [],
    handsIn: 0,
    ...rest,
  };
}

export function member(
  word: string,
  change: Pick<MemberChange, 'address' | 'present'> & Rest<MemberChange>,
): MemberChange {
  const { after = '', ...rest } = change;
  return { ...head(word, after), kind: 'member', who: undefined, rebinds: false, ...rest };
}

export function encoded(record: StoreRecord): Encoded {
  return { record, bytes: encodeRecord(record) };
}

function head(word: string, after: string) {
  const { origin, sequence } = dot(word);
  return { group: 0, origin, sequence, stamp: sequence, dependencies: dots(after) };
}

/** Any record there can be. */
export function randomRecord(prng: Prng): StoreRecord {
  const { origin, sequence } = randomDot(prng);
  const base = {
    group: pick(prng, [0, 1, 300]),
    origin,
    sequence,
    stamp: randomNumber(prng),
    dependencies: Array.from({ length: prng.below(4) }, () => randomDot(prng)),
  };
  switch (prng.below(4)) {
    case 0:
      return {
        ...base,
        kind: 'write',
        key: randomText(prng),
        value: prng.chance(0.5) ? randomText(prng) : undefined,
        first: prng.chance(0.5) ? randomVersion(prng, base.stamp) : undefined,
      };
    case 1:
      return { ...base, kind: 'claim', isEcho: prng.chance(0.5) };
    case 2:
      return {
        ...base,
        kind: 'opening',
        node: randomId(prng),
        start: randomNumber(prng),
        address: randomAddress(prng),
        leaves: prng.chance(0.5) ? randomAddress(prng) : undefined,
        abandons: Array.from({ length: prng.below(3) }, () => randomId(prng)),
        vouches: Array.from({ length: prng.below(3) }, () => randomDot(prng)),
        handsIn: prng.below(1000),
      };
    default: {
      const present = prng.chance(0.5);
      const who = prng.chance(0.5) ? randomId(prng) : undefined;
      const rebinds = present && who !== undefined && prng.chance(0.5);
      return { ...base, kind: 'member', address: randomAddress(prng), present, who, rebinds };
    }
  }
}

function randomAddress(prng: Prng): string {
  return `r${prng.below(10)}:${1 + prng.below(65_535)}`;
}

export function randomId(prng: Prng): string {
  return Buffer.from(prng.bytes(8)).toString('hex');
}

export function randomDot(prng: Prng): Dot {
  return { origin: randomId(prng), sequence: 1 + randomNumber(prng, 2 ** 40) };
}

function randomVersion(prng: Prng, stampMax: number): VersionId {
  return { stamp: prng.below(2) * Math.floor(stampMax / 2), ...randomDot(prng) };
}

/** Of any length: as many small ones as large ones. */
export function randomNumber(prng: Prng, most = Number.MAX_SAFE_INTEGER): number {
  return Math.floor(most ** prng.fraction());
}

export function randomText(prng: Prng): string {
  const letters = ['a', 'k', '/', '"', 'ä', '€', '😀', '\0'];
  return Array.from({ length: prng.below(90) }, () => pick(prng, letters)).join('');
}
