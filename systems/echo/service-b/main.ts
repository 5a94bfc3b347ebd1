import { faultsAllowedBy, nodeHost } from 'holdfast/host/node';
import { exitOnBadUsage, runService } from 'holdfast/service';
import { serviceB } from './service.ts';
import { viaFrom } from './via.ts';

const via = exitOnBadUsage(() => viaFrom(process.argv.slice(2), process.env));
await runService(serviceB({ via }), {
  host: nodeHost({ faultsAllowed: faultsAllowedBy(process.env) }),
  port: 8081,
});
