import type { ProcessSpec } from './topology.ts';

/**
 * Puts into environment values what is known once every port is: `{address}` is where the instance itself
 * listens, `host:port`; `{addresses}` are those of all instances of its service, in order, with commas
 * between. Other braces stay as they are.
 */
export function withAddresses(specs: readonly ProcessSpec[], host: string): ProcessSpec[] {
  const addressOf = ({ port }: ProcessSpec): string => `${host}:${port}`;
  return specs.map((spec) => {
    const peers = specs.filter(({ service }) => service === spec.service);
    const replace = (value: string): string =>
      value.replace(/\{address(es)?\}/g, (_braces, all) =>
        all === undefined ? addressOf(spec) : peers.map(addressOf).join(','),
      );
    const env = Object.entries(spec.env).map(([name, value]) => [name, replace(value)]);
    return { ...spec, env: Object.fromEntries(env) };
  });
}
