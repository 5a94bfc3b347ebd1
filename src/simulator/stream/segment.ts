/**
 * What one packet of a byte stream carries. Positions count the stream's bytes from 0; its end takes one.
 */
export interface Segment {
  /** Unlike a pair of ports never used again: a replayed packet finds no later connection. */
  readonly connection: number;
  readonly toAcceptor: boolean;
  /**
   * open: asks for a connection to `port`; opened: there is one; data; ack; probe: asks for an ack;
   * reset: there is no such connection, or no more.
   */
  readonly kind: 'open' | 'opened' | 'data' | 'ack' | 'probe' | 'reset';
  readonly port: number;
  readonly position: number;
  readonly bytes: Uint8Array;
  /** The stream ends behind these bytes. */
  readonly end: boolean;
  /** Everything before this position has arrived. */
  readonly acknowledged: number;
  /** How much more the sender of this segment has room for. */
  readonly windowBytes: number;
}

export const noBytes = new Uint8Array(0);

export function describeSegment(segment: Segment): string {
  const { kind, connection, position, bytes, acknowledged } = segment;
  if (kind === 'data') {
    const end = segment.end ? ' end' : '';
    return `#${connection} data ${position}+${bytes.byteLength}${end} ack ${acknowledged}`;
  }
  if (kind === 'open') return `#${connection} open port ${segment.port}`;
  return kind === 'ack' || kind === 'probe'
    ? `#${connection} ${kind} ${acknowledged}`
    : `#${connection} ${kind}`;
}
