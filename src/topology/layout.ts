import { must } from '../std/index.ts';
import type { Config, Service, ServiceOverride } from './config.ts';
import { defaultPorts, limits } from './limits.ts';
import type { DataPath, Problem } from './problem.ts';
import type { ProcessSpec } from './topology.ts';

/** One service (or server) laid out: its processes, and where its ports were decided. */
export interface Laid {
  readonly system: string | undefined;
  readonly specs: readonly ProcessSpec[];
  readonly portsFrom: DataPath;
  readonly problem?: Problem;
}

/** Every service and server of the config in starting order: instances named, ports given. */
export function layOut(config: Config): Laid[] {
  const laid: Laid[] = [];
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const server = (role: 'registry' | 'gateway'): void => {
    const given = config[role];
    if (given === false) return;
    const main = given?.main ?? new URL(`../servers/${role}/main.${extension}`, import.meta.url);
    const port = given?.port ?? defaultPorts[role];
    const zone = given !== undefined && 'zone' in given ? given.zone : undefined;
    const env = given?.env ?? {};
    const spec = { role, service: role, instance: role, main, port, zone, env, args: [] };
    laid.push({ system: undefined, specs: [spec], portsFrom: [role, 'port'] });
  };
  server('registry');
  config.systems.forEach((system, index) => {
    for (const [name, service] of Object.entries(system.services)) {
      const override = config.services?.[name] ?? {};
      laid.push({
        system: system.name,
        ...layOutService(name, service, override, ['systems', index, 'services', name]),
      });
    }
  });
  server('gateway');
  return laid;
}

function layOutService(name: string, base: Service, override: ServiceOverride, path: DataPath) {
  const mine: DataPath = ['services', name];
  const overridden = override.port !== undefined || override.ports !== undefined;
  const { port, ports } = overridden ? override : base;
  const portsFrom: DataPath = [...(overridden ? mine : path), ports === undefined ? 'port' : 'ports'];
  const countFrom = override.instances === undefined ? path : mine;
  const count = override.instances ?? base.instances ?? 1;
  const refuse = (problemPath: DataPath, message: string) => ({
    specs: [],
    portsFrom,
    problem: { path: problemPath, message },
  });
  if (port === undefined && ports === undefined) {
    return refuse([...path, 'port'], `is missing: ${name} needs a port, or ports`);
  }
  if (ports !== undefined && ports.length < count) {
    const message = `${name} has ${count} instances and ${ports.length} of the ports they need`;
    return refuse(override.instances === undefined ? portsFrom : [...countFrom, 'instances'], message);
  }
  const zoned = override.zone !== undefined || override.zones !== undefined;
  const { zone, zones } = zoned ? override : base;
  if (zones !== undefined && zones.length < count) {
    const message = `${name} has ${count} instances and ${zones.length} of the zones they need`;
    const zonesFrom: DataPath = [...(zoned ? mine : path), 'zones'];
    return refuse(override.instances === undefined ? zonesFrom : [...countFrom, 'instances'], message);
  }
  const first = port ?? 0;
  if (ports === undefined && first + count - 1 > limits.portMax) {
    return refuse(portsFrom, `the last of ${count} instances would have a port over ${limits.portMax}`);
  }
  const shared = {
    role: 'service' as const,
    service: name,
    main: base.main,
    weight: override.weight ?? base.weight,
    env: { ...base.env, ...override.env },
    args: override.args ?? base.args ?? [],
  };
  const specs = Array.from({ length: count }, (_, index): ProcessSpec => {
    const own = ports === undefined ? (first === 0 ? 0 : first + index) : must(ports[index], 'port');
    return { ...shared, instance: `${name}-${index + 1}`, port: own, zone: zones?.[index] ?? zone };
  });
  return { specs, portsFrom };
}

/** Ports that two instances would share, and names that would mean both a service and an instance. */
export function portClashes(laid: readonly Laid[]): Problem[] {
  const problems: Problem[] = [];
  const holders = new Map<number, string>();
  const names = new Set(laid.flatMap(({ specs }) => specs.map(({ service }) => service)));
  for (const { specs, portsFrom } of laid) {
    for (const { role, instance, port } of specs) {
      if (role === 'service' && names.has(instance)) {
        const message = `${instance} is both a service and an instance: give the service another name`;
        problems.push({ path: portsFrom.slice(0, -1), atKey: true, message });
      }
      const holder = holders.get(port);
      if (port !== 0 && holder !== undefined) {
        const message = `${holder} and ${instance} would both listen on port ${port}: give one another port`;
        problems.push({ path: portsFrom, message });
      }
      holders.set(port, instance);
    }
  }
  return problems;
}
