import type { Action, ActResult } from '../wire.ts';
import type { Exit, SupervisorReport, SupervisorView } from './supervisor.ts';

/** The sentences about processes, in one place so that they read alike. */

export function exitText({ code, signal }: Exit): string {
  if (signal !== null) return `killed by ${signal}`;
  return code === null ? 'could not be started' : `exited with code ${code}`;
}

/** Why it does not run, or has trouble running; undefined when all is well. */
export function problemText(view: SupervisorView, reason: string | undefined): string | undefined {
  const { state, failures, lastExit } = view;
  if (lastExit === undefined || failures === 0) return undefined;
  if (state === 'ready' || state === 'paused' || state === 'stopped') return undefined;
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${exitText(lastExit)}${failures > 1 ? `, ${failures} times` : ''}${why}`;
}

/** What makes an action pointless right now; undefined when it can be done. */
export function refusal(instance: string, action: Action, view: SupervisorView): ActResult | undefined {
  const { state, pid } = view;
  const alive = pid !== undefined;
  const already = (text: string): ActResult => ({ instance, ok: true, text });
  const impossible = (text: string): ActResult => ({ instance, ok: false, text });
  switch (action) {
    case 'stop':
      return state === 'stopped' ? already(`${instance} is stopped already.`) : undefined;
    case 'start':
      if (state === 'ready' || state === 'starting')
        return already(`${instance} runs already (pid ${pid}).`);
      if (state !== 'paused') return undefined;
      return impossible(`${instance} is paused (pid ${pid}): npx holdfast resume ${instance}`);
    case 'restart':
      return undefined;
    case 'kill':
      return alive ? undefined : impossible(`${instance} does not run.`);
    case 'pause':
      if (state === 'paused') return already(`${instance} is paused already (pid ${pid}).`);
      if (state === 'draining') return impossible(`${instance} is stopping.`);
      return alive ? undefined : impossible(`${instance} does not run.`);
    case 'resume':
      return state === 'paused' ? undefined : impossible(`${instance} is not paused.`);
    default:
      return action satisfies never;
  }
}

/** What `up` says about a change in the life of a process. */
export function reportText(instance: string, report: SupervisorReport, reason: string | undefined): string {
  switch (report.kind) {
    case 'ready': {
      const again = report.restarts > 0 ? ' again' : '';
      return `${instance} is ready${again} (pid ${report.pid}), ${duration(report.tookMs)} after its start.`;
    }
    case 'stopped':
      return report.exit.code === 0
        ? `${instance} has stopped.`
        : `${instance} has stopped (${exitText(report.exit)}).`;
    case 'ended': {
      const { exit, againInMs } = report;
      if (againInMs === 0) return `${instance} has stopped and starts again.`;
      const because = exit.asked || exit.signal !== null || reason === undefined ? '' : `: ${reason}`;
      const verb = exit.signal === null ? '' : 'was ';
      return `${instance} ${verb}${exitText(exit)}${because}. It starts again in ${againInMs} ms.`;
    }
    case 'drain-timeout':
      return `${instance} did not stop within ${duration(report.afterMs)}: it is killed.`;
    default:
      return report satisfies never;
  }
}

/** `0.9 s`, `12 s`, `40 ms`. */
export function duration(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
}
