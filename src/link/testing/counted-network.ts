import type { ConnectionHandlers, Network } from '../../host/index.ts';

/** A network that knows how many connections are open. */
export class CountedNetwork implements Network {
  open = 0;
  readonly #network: Network;

  constructor(network: Network) {
    this.#network = network;
  }

  listen: Network['listen'] = (address, accept, ready) => {
    this.#network.listen(address, (connection) => this.#counted(accept(connection)), ready);
  };

  connect: Network['connect'] = (address, handlers) =>
    this.#network.connect(address, this.#counted(handlers));

  #counted(handlers: ConnectionHandlers): ConnectionHandlers {
    this.open++;
    return {
      opened: () => handlers.opened?.(),
      received: (bytes) => handlers.received(bytes),
      drained: () => handlers.drained?.(),
      ended: () => handlers.ended?.(),
      closed: (failure) => {
        this.open--;
        handlers.closed(failure);
      },
    };
  }
}
