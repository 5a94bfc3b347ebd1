/** Where a test plays. */
export interface Closable {
  close?(): void | Promise<void>;
}

/** Makes tests that play on a stage of their own each, which is closed however they end. */
export function onStage<Stage extends Closable>(
  make: () => Stage | Promise<Stage>,
): (play: (stage: Stage) => Promise<void>) => () => Promise<void> {
  return (play) => async () => {
    const stage = await make();
    try {
      await play(stage);
    } finally {
      await stage.close?.();
    }
  };
}
