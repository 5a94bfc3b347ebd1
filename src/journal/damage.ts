/** Bytes of a journal that are not what was written, or are gone. */
export interface Damage {
  /** Its name in the journal's folder. */
  readonly file: string;
  /** In bytes, from where on the file cannot be used. */
  readonly offset: number;
  /** What is found there, a phrase. */
  readonly what: string;
  /**
   * tail: no later write follows, so it may have been torn when the power went, or it rotted: the two look
   * the same. middle: a later write follows, so this was whole once; or so much looks like one that it is
   * taken to. snapshot: a snapshot is damaged.
   */
  readonly where: 'middle' | 'tail' | 'snapshot';
  /** Of the first record that is left out; of a snapshot: its position. */
  readonly position: number;
}

/** One sentence. */
export function describeDamage(damage: Damage, folder: string): string {
  const { file, offset, what, where } = damage;
  const rest = {
    tail: 'nothing of a later write follows',
    middle: 'what was written later follows',
    snapshot: 'the snapshot cannot be used',
  };
  return `${folder}/${file} is damaged at byte ${offset}: ${what}; ${rest[where]}.`;
}
