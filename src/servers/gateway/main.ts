import { faultsAllowedBy, nodeHost } from '../../host/node/index.ts';
import { exitOnBadUsage, runService } from '../../service/index.ts';
import { parseRoutes } from './routes.ts';
import { gateway } from './service.ts';

const routes = exitOnBadUsage(() => parseRoutes(process.env.HOLDFAST_ROUTES ?? '[]'));
await runService(gateway(routes), {
  host: nodeHost({ faultsAllowed: faultsAllowedBy(process.env) }),
  port: 8000,
});
