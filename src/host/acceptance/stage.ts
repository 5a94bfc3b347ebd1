/** Where an acceptance suite plays: how it lets time pass, and how it clears up. */
export interface Stage {
  /**
   * Lets the world go on until `condition` holds. The real host waits for it, the simulator runs virtual
   * time. Rejects, saying `what`, when it does not hold within a bounded time.
   */
  until(condition: () => boolean, what: string): Promise<void>;
  close?(): void | Promise<void>;
}

export type MakeStage<S extends Stage> = () => S | Promise<S>;

/** Polls between events of the real world. */
export async function untilReal(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Waited 20 s in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Runs a test's body on a stage of its own. */
export function on<S extends Stage>(
  make: MakeStage<S>,
  body: (stage: S) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const stage = await make();
    try {
      await body(stage);
    } finally {
      await stage.close?.();
    }
  };
}
