import type { Accept, Address, Connection, ConnectionHandlers, Network } from 'holdfast/host';
import { FrameMeter, type Traffic } from './traffic.ts';

/** A network that counts what is written to its connections. */
export function meteredNetwork(network: Network, traffic: Traffic): Network {
  return {
    listen: (address: Address, accept: Accept, ready) =>
      network.listen(address, (connection) => accept(metered(connection, traffic)), ready),
    connect: (address: Address, handlers: ConnectionHandlers) =>
      metered(network.connect(address, handlers), traffic),
  };
}

function metered(connection: Connection, traffic: Traffic): Connection {
  const meter = new FrameMeter(traffic);
  return {
    remote: connection.remote,
    write: (bytes) => {
      meter.push(bytes);
      return connection.write(bytes);
    },
    setReading: (reading) => connection.setReading(reading),
    end: () => connection.end(),
    destroy: () => connection.destroy(),
  };
}
