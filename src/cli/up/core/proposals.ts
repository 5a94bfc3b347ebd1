import type { ProcessSpec } from '../../../topology/index.ts';

/**
 * The lines a system proposes to try, with `{echo-b}` or `{gateway}` replaced by where that service's first
 * instance listens. Other braces stay. A line about a server that the topology does without is left out.
 */
export function proposals(
  lines: readonly string[],
  specs: readonly Pick<ProcessSpec, 'service' | 'port'>[],
): string[] {
  const ports = new Map(specs.toReversed().map(({ service, port }) => [service, port]));
  const missing = ['{registry}', '{gateway}'].filter((name) => !ports.has(name.slice(1, -1)));
  return lines
    .filter((line) => !missing.some((name) => line.includes(name)))
    .map((line) =>
      line.replace(/\{([a-z0-9-]+)\}/g, (braces, name) => {
        const port = ports.get(name);
        return port === undefined ? braces : `localhost:${port}`;
      }),
    );
}
