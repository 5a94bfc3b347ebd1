import { limits } from './limits.ts';

/** The names of a journal's files in its folder. */
export const lockName = 'lock';

export function segmentName(number: number): string {
  return `${digits(number)}.segment`;
}

export function snapshotName(position: number): string {
  return `${digits(position)}.snapshot`;
}

export function temporaryName(position: number): string {
  return `${snapshotName(position)}.tmp`;
}

/** Where the damaged bytes of a file are kept; `turn` is one for all that one damage took. */
export function asideName(name: string, turn: number): string {
  return `${name}.damaged-${turn}`;
}

export interface Listing {
  /** Numbers, in order. */
  readonly segments: readonly number[];
  /** Positions, in order. */
  readonly snapshots: readonly number[];
  readonly temporaries: readonly string[];
  readonly asides: readonly { readonly name: string; readonly turn: number }[];
  /** Higher than that of any segment, of those put aside too: a number stands for one segment for good. */
  readonly nextNumber: number;
}

/** What a folder's names mean; others are left alone. */
export function readNames(names: readonly string[]): Listing {
  const segments: number[] = [];
  const snapshots: number[] = [];
  const temporaries: string[] = [];
  const asides: { name: string; turn: number }[] = [];
  let highest = 0;
  for (const name of names) {
    const [, number, kind, rest = ''] =
      /^(\d{16})\.(segment|snapshot)(|\.tmp|\.damaged-\d+)$/.exec(name) ?? [];
    if (number === undefined) continue;
    if (kind === 'segment') highest = Math.max(highest, Number(number));
    if (rest === '.tmp') temporaries.push(name);
    else if (rest !== '') asides.push({ name, turn: Number(rest.slice('.damaged-'.length)) });
    else if (kind === 'segment') segments.push(Number(number));
    else snapshots.push(Number(number));
  }
  const ascending = (one: number, other: number): number => one - other;
  segments.sort(ascending);
  snapshots.sort(ascending);
  return { segments, snapshots, temporaries, asides, nextNumber: highest + 1 };
}

/** The turn of the next damage, and the files of turns that are too old to be kept beside it. */
export function nextTurn(asides: Listing['asides']): { readonly turn: number; readonly tooOld: string[] } {
  const turns = [...new Set(asides.map((aside) => aside.turn))].sort((one, other) => other - one);
  const kept = new Set(turns.slice(0, limits.damagesKeptMax - 1));
  const tooOld = asides.filter((aside) => !kept.has(aside.turn)).map((aside) => aside.name);
  return { turn: (turns[0] ?? 0) + 1, tooOld };
}

function digits(number: number): string {
  return String(number).padStart(16, '0');
}
