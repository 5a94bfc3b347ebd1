import type { Accept, ConnectionHandlers } from '../../host/index.ts';
import { linkMagic } from '../index.ts';

/** A port that links share with others, as a service's: hands a connection on once it has begun as one. */
export function sniffingPort(accept: Accept): Accept {
  return (connection) => {
    let first = new Uint8Array(0);
    let link: ConnectionHandlers | undefined;
    return {
      received: (bytes) => {
        if (link !== undefined) {
          link.received(bytes);
          return;
        }
        first = new Uint8Array([...first, ...bytes]);
        const begun = first.subarray(0, linkMagic.length);
        if (!begun.every((byte, index) => byte === linkMagic[index])) connection.destroy();
        else if (begun.length === linkMagic.length) {
          link = accept(connection);
          link.received(first);
        }
      },
      drained: () => link?.drained?.(),
      ended: () => {
        if (link === undefined) connection.destroy();
        else link.ended?.();
      },
      closed: (failure) => link?.closed(failure),
    };
  };
}
