import { faultsAllowedBy, nodeHost } from 'holdfast/host/node';
import { exitOnBadUsage, runService } from 'holdfast/service';
import { delayIn } from './delay.ts';
import { serviceA } from './service.ts';

const delaySeconds = exitOnBadUsage(() => delayIn(process.argv.slice(2)));
await runService(serviceA({ delaySeconds }), {
  host: nodeHost({ faultsAllowed: faultsAllowedBy(process.env) }),
  port: 8080,
});
