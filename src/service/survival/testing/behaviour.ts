/** What an instance does with a request once it has read it. */
export type Behaviour =
  | { readonly does: 'answer'; readonly status: number; readonly delayMs: number }
  /** Closes the connection with a reset. */
  | { readonly does: 'reset' };

export function answering(status: number, delayMs: number): Behaviour {
  return { does: 'answer', status, delayMs };
}
