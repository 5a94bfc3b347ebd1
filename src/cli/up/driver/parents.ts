import { limits } from '../../limits.ts';
import { ancestors, factsOf, runs } from './processes.ts';

/**
 * `npm start` runs `up` below npm and a shell. A kill of npm leaves both behind, and whoever killed npm meant
 * everything. Calls `lost` once when one of those above ends. A plain shell above is not watched: `up` put
 * into the background outlives it on purpose.
 */
export function watchParents(env: NodeJS.ProcessEnv, lost: () => void): () => void {
  const watched = watchedParents(env).map((pid) => ({ pid, startTicks: factsOf(pid)?.startTicks }));
  if (watched.length === 0) return () => {};
  const timer = setInterval(() => {
    const direct = watched[0];
    const orphaned = process.platform !== 'win32' && process.ppid !== direct?.pid;
    if (!orphaned && watched.every(({ pid, startTicks }) => runs(pid, startTicks))) return;
    clearInterval(timer);
    lost();
  }, limits.parentPollMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Set by bin.mjs in the process it starts on the pinned Node. */
export const launcherVariable = 'HOLDFAST_LAUNCHER';

/** Whether a package manager's script or bin.mjs stands above, and passes signals on. */
export function underLauncher(env: NodeJS.ProcessEnv): boolean {
  return env.npm_lifecycle_event !== undefined || env[launcherVariable] === String(process.ppid);
}

function watchedParents(env: NodeJS.ProcessEnv): number[] {
  if (!underLauncher(env)) return [];
  const above = ancestors(limits.parentsMax);
  const manager = above.findIndex(({ commandLine }) => /(?:^|\/)(?:npm|npx|pnpm|yarn)\b/.test(commandLine));
  const chain =
    env.npm_lifecycle_event === undefined || manager < 0 ? above.slice(0, 1) : above.slice(0, manager + 1);
  return chain.map(({ pid }) => pid);
}
