import { faultsAllowedBy, nodeHost } from 'holdfast/host/node';
import { exitOnBadUsage, runService } from 'holdfast/service';
import { readEnvironment } from './environment.ts';
import { kvs } from './service.ts';

const environment = exitOnBadUsage(() => readEnvironment(process.env));
await runService(kvs({ environment, end: () => process.exit(1) }), {
  host: nodeHost({ faultsAllowed: faultsAllowedBy(process.env) }),
  port: environment.port,
  listenOn: environment.listenOn,
});
