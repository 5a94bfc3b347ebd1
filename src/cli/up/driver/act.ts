import { unreachable } from '../../../std/index.ts';
import { limits } from '../../limits.ts';
import { exitText, problemText, refusal } from '../core/describe.ts';
import type { Action, ActResult } from '../wire.ts';
import type { Member } from './member.ts';

/** All at once, but restarts one after the other: a service of several instances goes on meanwhile. */
export async function actOnAll(members: readonly Member[], action: Action): Promise<readonly ActResult[]> {
  if (action !== 'restart') return Promise.all(members.map((member) => act(member, action)));
  const results: ActResult[] = [];
  for (const member of members) {
    const failed = results.find(({ ok }) => !ok);
    const { instance } = member.spec;
    const text = `${instance} is left alone: ${failed?.instance} did not come back.`;
    results.push(failed === undefined ? await act(member, action) : { instance, ok: false, text });
  }
  return results;
}

/** Does one action to one process and resolves once it took effect, with a sentence about it. */
async function act(member: Member, action: Action): Promise<ActResult> {
  const { instance } = member.spec;
  const before = member.view;
  const refused = refusal(instance, action, before);
  if (refused !== undefined) return refused;
  const done = (text: string): ActResult => ({ instance, ok: true, text });
  member.tell(action);
  switch (action) {
    case 'stop': {
      const stopped = await member.until(({ state }) => state !== 'draining', stopMaxMs);
      if (!stopped || member.view.state !== 'stopped') return interrupted(member);
      return done(`${instance} is stopped.`);
    }
    case 'start':
    case 'restart':
      return started(member, action === 'restart' ? 'runs again' : 'runs', before.pid);
    case 'kill':
      if (!(await member.until(({ pid }) => pid !== before.pid, limits.killWaitMaxMs)))
        return interrupted(member);
      return done(
        member.view.state === 'stopped'
          ? `${instance} was killed (pid ${before.pid}).`
          : `${instance} was killed (pid ${before.pid}) and is started again.`,
      );
    case 'pause':
      return done(
        `${instance} is paused (pid ${before.pid}). It goes on with: npx holdfast resume ${instance}`,
      );
    case 'resume':
      return done(`${instance} goes on (pid ${before.pid}).`);
    default:
      return unreachable(action);
  }
}

const stopMaxMs = limits.drainMaxMs + limits.killWaitMaxMs;

async function started(member: Member, verb: string, pidBefore: number | undefined): Promise<ActResult> {
  const { instance } = member.spec;
  // The life before may still be draining; its end is not what is asked about.
  await member.until(({ pid }) => pid !== pidBefore && pid !== undefined, stopMaxMs);
  await member.until(({ state }) => state !== 'starting', limits.readyWaitMaxMs);
  const { view } = member;
  if (view.state === 'ready') return { instance, ok: true, text: `${instance} ${verb} (pid ${view.pid}).` };
  return interrupted(member);
}

/** Something else happened than what was asked for. */
function interrupted(member: Member): ActResult {
  const { view, reason } = member;
  const { instance } = member.spec;
  const problem = problemText(view, reason) ?? (view.lastExit && exitText(view.lastExit));
  const late = `is not ready after ${limits.readyWaitMaxMs / 1000} s (pid ${view.pid})`;
  const text =
    view.state === 'starting'
      ? `${instance} ${late}. See: npx holdfast logs ${instance}`
      : `${instance} is ${view.state}${problem === undefined ? '' : `: ${problem}`}.`;
  return { instance, ok: false, text };
}
