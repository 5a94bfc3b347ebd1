import type { UpstreamState } from '../../calls/index.ts';
import { describeError, keyHeader } from '../../std/index.ts';
import { didYouMean } from '../../topology/index.ts';
import { exitCodes, type Invocation, type RunCommand } from '../invocation.ts';
import { limits } from '../limits.ts';
import { upstreamLines } from '../terminal/upstream-table.ts';
import { findRunning } from '../up/driver/control-client.ts';
import { readClusterKey } from '../up/driver/data-folder.ts';
import { loopback } from '../up/options.ts';
import type { ProcessRow } from '../up/wire.ts';
import { findWorkspace } from '../workspace.ts';
import { notRunningText } from './not-running.ts';

interface Explained {
  readonly caller: string;
  readonly upstreams: readonly UpstreamState[];
}

/** `holdfast calls explain <service>`: asks every running process what it knows of the service. */
export const run: RunCommand = async (invocation) => {
  const { args, options, folder, out, err } = invocation;
  const [what, name, ...rest] = args;
  if (what !== 'explain' || name === undefined || rest.length > 0) {
    err.line('Say which service is to be explained: npx holdfast calls explain echo-a');
    return exitCodes.usage;
  }
  const { dataFolder } = findWorkspace(options, folder);
  const found = await findRunning(dataFolder);
  if (found.kind !== 'running') {
    err.line(notRunningText(found, dataFolder));
    return exitCodes.failed;
  }
  const { processes } = found.list;
  const service = serviceOf(name, processes);
  if (service !== name) err.line(`${name} is an instance of ${service}, and that is explained.`);
  const key = readClusterKey(dataFolder);
  const live = processes.filter(({ pid }) => pid !== null);
  const answers = await Promise.all(live.map((row) => explain(row, service, key, invocation)));
  const callers = answers.flatMap((answer) => (answer?.upstreams.length ? [answer] : []));
  const silent = answers.filter((answer) => answer === undefined).length;
  const isKnown = processes.some((row) => row.service === service);
  const isUnknown = callers.length === 0 && silent > 0;
  if (isUnknown) {
    const who = silent === 1 ? '1 process does' : `${silent} processes do`;
    err.line(`Cannot tell whether anything calls ${service}: ${who} not answer.`);
    if (!isKnown) err.line(`There is no service ${service} here.${othersText(service, processes)}`);
  }
  if (options.json === true) out.line(JSON.stringify(callers, undefined, 2));
  if (isUnknown) return exitCodes.failed;
  if (callers.length === 0) {
    if (isKnown) {
      err.line(`No running process calls ${service}.`);
      return exitCodes.failed;
    }
    err.line(`There is no service ${service}, and no caller.${othersText(service, processes)}`);
    return exitCodes.usage;
  }
  if (options.json === true) return exitCodes.fine;
  for (const [index, { caller, upstreams }] of callers.entries()) {
    if (index > 0) out.line('');
    for (const upstream of upstreams)
      for (const line of upstreamLines(out, caller, upstream)) out.line(line);
  }
  return exitCodes.fine;
};

/** The service that a name means: its own, or the one that the instance belongs to. */
function serviceOf(name: string, processes: readonly ProcessRow[]): string {
  if (processes.some(({ service }) => service === name)) return name;
  return processes.find(({ instance }) => instance === name)?.service ?? name;
}

/** What else the name may have meant. */
function othersText(name: string, processes: readonly ProcessRow[]): string {
  const services = [...new Set(processes.map(({ service }) => service))];
  return didYouMean(name, services) || ` There are: ${services.join(', ')}.`;
}

/** Undefined, and a line to say so, when the process does not answer. */
async function explain(
  { instance, port, state }: ProcessRow,
  service: string,
  key: string | undefined,
  { err }: Invocation,
): Promise<Explained | undefined> {
  if (state === 'paused') {
    err.line(`${instance} is paused: it cannot say whom it calls.`);
    return undefined;
  }
  const url = `http://${loopback}:${port}/_holdfast/calls?service=${encodeURIComponent(service)}`;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(limits.explainTimeoutMs),
      headers: key === undefined ? {} : { [keyHeader]: key },
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { upstreams } = (await response.json()) as Omit<Explained, 'caller'>;
    return { caller: instance, upstreams };
  } catch (error) {
    err.line(`${instance} does not say whom it calls (${describeError(error)}).`);
    return undefined;
  }
}
