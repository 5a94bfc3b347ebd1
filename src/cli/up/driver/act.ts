import { unreachable } from '../../../std/index.ts';
import { limits } from '../../limits.ts';
import { exitText, problemText, refusal } from '../core/describe.ts';
import { absenceText } from '../core/forewarning.ts';
import type { Action, ActResult } from '../wire.ts';
import type { Member } from './member.ts';

/**
 * All at once, but restarts one after the other: a service of several instances goes on meanwhile. The next
 * one is stopped only when the last is ready and callers know that.
 */
export async function actOnAll(
  members: readonly Member[],
  action: Action,
  registry: Member | undefined,
): Promise<readonly ActResult[]> {
  if (action !== 'restart') return Promise.all(members.map((member) => act(member, action, registry)));
  const results: ActResult[] = [];
  for (const [index, member] of members.entries()) {
    const failed = results.find(({ ok }) => !ok);
    if (failed !== undefined) {
      const { instance } = member.spec;
      results.push({
        instance,
        ok: false,
        text: `${instance} is left alone, because of ${failed.instance}.`,
      });
      continue;
    }
    if (members[index - 1]?.spec.service === member.spec.service)
      await new Promise((resolve) => setTimeout(resolve, limits.watchersHearMs));
    results.push(await act(member, action, registry));
  }
  return results;
}

/** Does one action to one process and resolves once it took effect, with a sentence about it. */
async function act(member: Member, action: Action, registry: Member | undefined): Promise<ActResult> {
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
      return started(member, action === 'restart' ? 'runs again' : 'runs', before.pid, registry);
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

async function started(
  member: Member,
  verb: string,
  pidBefore: number | undefined,
  registry: Member | undefined,
): Promise<ActResult> {
  const { instance } = member.spec;
  // The life before may still be draining; its end is not what is asked about.
  await member.until(({ pid }) => pid !== pidBefore && pid !== undefined, stopMaxMs);
  await member.until(({ state }) => state !== 'starting', limits.readyWaitMaxMs);
  // It may end meanwhile, which settles it as well.
  await member.until(({ state, known }) => known || state !== 'ready', limits.listedWaitMaxMs);
  const { state, pid, known } = member.view;
  if (state !== 'ready') return interrupted(member);
  const text = `${instance} ${verb} (pid ${pid})`;
  if (known) return { instance, ok: true, text: `${text}.` };
  const unlisted = `${text}, but is not listed by the registry after ${limits.listedWaitMaxMs / 1000} s`;
  const absence = registry && absenceText(registry.view.state);
  const why =
    absence === undefined
      ? `: callers do not find it. See: npx holdfast logs ${instance}`
      : `, because ${absence}`;
  return { instance, ok: false, text: `${unlisted}${why}` };
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
