import type { FastifyInstance } from 'fastify';
import { linkMagic } from 'holdfast/link';
import { defineService, type ServiceContext, type ServiceDefinition } from 'holdfast/service';
import { Answers } from './answers.ts';
import { readStoreBodies } from './body.ts';
import type { KvsEnvironment, Mode } from './environment.ts';
import { addKeyRoutes } from './key-routes.ts';
import { openStore } from './open.ts';
import { addPlainRoutes } from './plain-routes.ts';
import { addProxyRoutes, mainInstance } from './proxy-routes.ts';
import { addViewRoutes } from './view-routes.ts';

export interface KvsOptions {
  readonly environment: KvsEnvironment;
  /** Ends the process at once: nothing more may be acknowledged. */
  readonly end: () => void;
}

/** The key-value store: by itself, as one of several replicas, or as a proxy of another instance. */
export function kvs({ environment, end }: KvsOptions): ServiceDefinition {
  const { mode } = environment;
  const definition = { name: 'kvs', errorBody: ({ message }: { message: string }) => ({ error: message }) };
  if (mode.kind === 'proxy') {
    return defineService({
      ...definition,
      // One instance is all there is: nothing is gained by leaving it alone for a while.
      upstreams: { [mainInstance]: { eject: false } },
      addresses: () => ({ [mainInstance]: `http://${mode.to}` }),
      http(app, { calls, log }) {
        addProxyRoutes(app, calls);
        log.info('this proxy passes every request on', { to: mode.to });
      },
    });
  }
  return defineService({
    ...definition,
    async http(app, context) {
      app.register(async (scope) => addPlainRoutes(scope));
      await addStore(app, context, { environment, end, mode });
    },
  });
}

async function addStore(
  app: FastifyInstance,
  context: ServiceContext,
  options: KvsOptions & { readonly mode: Exclude<Mode, { kind: 'proxy' }> },
): Promise<void> {
  const { environment, mode, end } = options;
  const isReplicated = mode.kind === 'replica';
  const store = await openStore({ environment, mode, context, end });
  // Run last: until then there may be requests that need it.
  app.addHook('onClose', () => new Promise<void>((resolve) => store.close(resolve)));
  app.register(async (scope) => {
    readStoreBodies(scope);
    addKeyRoutes(scope, store, new Answers({ isReplicated }));
    if (isReplicated) addViewRoutes(scope, store, context);
  });
  if (!isReplicated) return;
  context.acceptConnections(linkMagic, (connection) => store.accept(connection));
  const { log, env } = context;
  if (mode.isAdded) log.info('its own address was added to VIEW', { address: mode.address });
  if (env.clusterKey === undefined) {
    log.warn({ error: 'CLUSTER_KEY is not set: peers are accepted unproved, whoever they are.' });
  }
}
