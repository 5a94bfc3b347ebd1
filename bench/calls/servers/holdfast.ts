import { nodeHost } from 'holdfast/host/node';
import { startService } from 'holdfast/service';
import { serviceA } from '../../../systems/echo/service-a/service.ts';

const service = await startService(serviceA({ delaySeconds: 0 }), {
  host: nodeHost({ faultsAllowed: false }),
  port: 0,
  env: { ...process.env, HOLDFAST_REGISTRY: 'none', LOG_LEVEL: 'silent' },
});
console.log(`ready ${service.port}`);
