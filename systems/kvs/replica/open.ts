import { type CausalStore, openCausalStore } from 'holdfast/causal-store';
import type { ServiceContext } from 'holdfast/service';
import { HoldfastError } from 'holdfast/std';
import type { KvsEnvironment, Mode } from './environment.ts';
import { storeLog } from './store-log.ts';

export interface OpenOptions {
  readonly environment: KvsEnvironment;
  readonly mode: Exclude<Mode, { kind: 'proxy' }>;
  readonly context: ServiceContext;
  /** The process has to end now: what is written can no longer be trusted to stay. */
  readonly end: () => void;
}

/** Rejects with `failed_precondition` when the journal cannot be opened. */
export function openStore({ environment, mode, context, end }: OpenOptions): Promise<CausalStore> {
  const { host, log, env } = context;
  const { folder, causalWaitMs, antiEntropyMs } = environment;
  return new Promise((resolve, reject) => {
    const options = {
      host,
      address: mode.address,
      members: mode.kind === 'replica' ? mode.members : [],
      folder,
      clusterKey: env.clusterKey,
      causalWaitMs,
      antiEntropyMs,
      observe: storeLog(log),
      fatal: (message: string) => {
        const advice = 'It is read again at the next start; if that fails too, look at the disk.';
        log.fatal({ error: `The journal can no longer be trusted: ${message} ${advice}` });
        end();
      },
    };
    openCausalStore(options, (opened) => {
      if (opened.ok) resolve(opened.store);
      else reject(new HoldfastError('failed_precondition', opened.message));
    });
  });
}
