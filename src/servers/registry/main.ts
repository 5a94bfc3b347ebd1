import { faultsAllowedBy, nodeHost } from '../../host/node/index.ts';
import { runService } from '../../service/index.ts';
import { registryService } from './service.ts';

await runService(registryService(), {
  host: nodeHost({ faultsAllowed: faultsAllowedBy(process.env) }),
  port: 8500,
});
