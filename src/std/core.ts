/**
 * The shape of every protocol here: a synchronous state machine. A core knows no clock, socket, file or
 * randomness; time and random numbers reach it inside events. The same events give the same effects, so
 * the production driver and the simulator run the very same core.
 */
export interface Core<Event, Effect> {
  step(event: Event): readonly Effect[];
}

/**
 * Runs a core: returns the function that hands it an event. Effects run in the order the core gave them.
 * An effect that hands in a further event at once (re-entrance) is queued behind the effects still to run,
 * so a core never sees an event from the middle of its own step.
 */
export function drive<Event, Effect>(
  core: Core<Event, Effect>,
  run: (effect: Effect) => void,
): (event: Event) => void {
  const waiting: Event[] = [];
  let busy = false;
  return (event) => {
    if (busy) {
      waiting.push(event);
      return;
    }
    busy = true;
    try {
      let next: Event | undefined = event;
      while (next !== undefined) {
        for (const effect of core.step(next)) run(effect);
        next = waiting.shift();
      }
    } finally {
      // After an exception, a bug, what was queued must not turn up behind some later event.
      waiting.length = 0;
      busy = false;
    }
  };
}
