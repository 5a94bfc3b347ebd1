import { describeError, HoldfastError, must } from '../../std/index.ts';
import type { CommandContext, SystemCommand, Topology } from '../../topology/index.ts';
import { exitCodes, type Invocation } from '../invocation.ts';
import { findRunning } from '../up/driver/control-client.ts';
import { readClusterKey } from '../up/driver/data-folder.ts';
import { loopback } from '../up/options.ts';
import { findWorkspace } from '../workspace.ts';

/** Runs a command that a system contributes. */
export async function runSystemCommand(
  command: SystemCommand,
  topology: Topology,
  { args, options, folder, environment, out, err }: Invocation,
): Promise<number> {
  const { dataFolder } = findWorkspace(options, folder);
  const found = await findRunning(dataFolder);
  const running = found.kind === 'running' ? found.list.processes : undefined;
  const live = running?.filter(({ pid }) => pid !== null) ?? topology.processes;
  const placesOf = (service: string): readonly string[] =>
    live
      .filter((each) => each.service === service && each.port !== 0)
      .map(({ port }) => `http://${loopback}:${port}`);
  const addressesOf = (service: string): readonly string[] => {
    const places = placesOf(service);
    if (places.length > 0) return places;
    if (!topology.processes.some((each) => each.service === service)) {
      throw new HoldfastError('not_found', `There is no service ${service}.`);
    }
    const start = running === undefined ? 'up' : `start ${service}`;
    throw new HoldfastError('unavailable', `${service} does not run. Start it with: npx holdfast ${start}`);
  };
  const addressOf = (service: string): string => must(addressesOf(service)[0], 'an address');
  try {
    const context: CommandContext = {
      args,
      addressOf,
      addressesOf,
      registries: placesOf('registry'),
      clusterKey: environment.CLUSTER_KEY || readClusterKey(dataFolder),
      dataFolder,
      running: found.kind === 'running',
      print: (line) => out.line(line),
      complain: (line) => err.line(line),
    };
    return (await command.run(context)) ?? exitCodes.fine;
  } catch (error) {
    err.line(describeError(error));
    return exitCodes.failed;
  }
}
