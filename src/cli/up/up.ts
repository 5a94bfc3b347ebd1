import { randomUUID } from 'node:crypto';
import { withAddresses } from '../../topology/index.ts';
import { notRunningText } from '../commands/not-running.ts';
import { limits } from '../limits.ts';
import { processTable } from '../terminal/process-table.ts';
import { findRunning } from './driver/control-client.ts';
import { isClusterKey, keyRule, makeDataFolder, openDataFolder, unwritable } from './driver/data-folder.ts';
import { checkPorts } from './driver/ports.ts';
import { factsOf } from './driver/processes.ts';
import { claimFolder, type RunRecord, releaseFolder } from './driver/run-file.ts';
import { loopback, type UpOptions } from './options.ts';
import { Run } from './run.ts';

/** Runs a topology here until it is told to stop. Resolves to the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const { topology, err, environment } = options;
  if (topology.production && environment.HOLDFAST_FAULTS === 'on') {
    err.line('A production topology refuses faults: unset HOLDFAST_FAULTS.');
    return 1;
  }
  if (environment.CLUSTER_KEY && !isClusterKey(environment.CLUSTER_KEY)) {
    err.line(`CLUSTER_KEY in the environment must be ${keyRule}: set it so, or unset it.`);
    return 1;
  }
  const { dataFolder } = options;
  makeDataFolder(dataFolder);
  const record: RunRecord = {
    id: randomUUID(),
    pid: process.pid,
    startTicks: factsOf(process.pid)?.startTicks,
    startedAt: new Date().toISOString(),
    config: options.configFile,
  };
  const claim = await claimFolder(dataFolder, record, async () => {
    const found = await findRunning(dataFolder);
    return found.kind === 'running' || found.kind === 'silent' || found.kind === 'locked';
  }).catch((error: unknown) => {
    throw unwritable(dataFolder, error);
  });
  if (!claim.ok) return refuseSecond(options, claim.holder);
  try {
    const folder = openDataFolder(dataFolder);
    const waitMs = claim.replaced === undefined ? 0 : limits.orphansWaitMaxMs;
    const checked = await checkPorts(loopback, topology.processes, options.config, waitMs);
    if (!checked.ok) {
      for (const line of checked.lines) err.line(line);
      return 1;
    }
    const placed = topology.processes.map((spec, index) => ({
      ...spec,
      port: checked.ports[index] ?? spec.port,
    }));
    const specs = withAddresses(placed, loopback);
    return await new Run(options, folder, record, specs).run(folder.clusterKey);
  } finally {
    releaseFolder(dataFolder, record.id);
  }
}

async function refuseSecond({ out, err, dataFolder }: UpOptions, holder: RunRecord): Promise<number> {
  const found = await findRunning(dataFolder);
  if (found.kind === 'running') {
    const { processes } = found.list;
    for (const line of processTable(out, processes, { detailed: true, wallMs: Date.now() })) out.line(line);
    err.line(
      `This topology runs already (pid ${holder.pid}). ` +
        'Stop it with: npx holdfast down, or choose another --data.',
    );
  } else if (found.kind === 'locked') {
    err.line(notRunningText(found, dataFolder));
  } else {
    err.line(
      `Another holdfast up (pid ${holder.pid}) has the data folder ${dataFolder} and does not answer. ` +
        `Stop that process, or choose another --data.`,
    );
  }
  return 1;
}
