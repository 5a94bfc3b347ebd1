/**
 * How a core or a driver reports what happened: a plain callback that its maker passes in. A folder defines
 * the union of its own events and imports nothing upward. An observer must not throw and must not block.
 */
export type Observe<Event> = (event: Event) => void;

export const ignore: Observe<unknown> = () => {};
