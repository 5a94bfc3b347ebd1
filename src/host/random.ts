/** Randomness as a port. In the simulator it is seeded; on a real host it is fit for secrets. */
export interface Random {
  /** A whole number in [0, 2^32). */
  u32(): number;
  /** A number in [0, 1), with 32 random bits. */
  fraction(): number;
  /** A new array, the caller's to keep. */
  bytes(count: number): Uint8Array;
}
