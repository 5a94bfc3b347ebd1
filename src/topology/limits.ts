/** Bounds of a topology. */
export const limits = {
  systemsMax: 64,
  servicesMax: 256,
  instancesMax: 64,
  routesMax: 1024,
  commandsMax: 64,
  nameLengthMax: 40,
  portMax: 65_535,
  weightMax: 1_000,
  zoneLengthMax: 64,
  /** How many files an error's place is followed through: config, system, a file it takes its data from. */
  filesFollowedMax: 20,
} as const;

export const defaultPorts = { registry: 8500, gateway: 8000 } as const;

/** Names a service cannot have: they are instances of every topology, or lines of `up` itself. */
export const reservedServices: readonly string[] = ['registry', 'gateway', 'holdfast'];

/** Names a system cannot have: they are commands of `holdfast`. */
export const reservedSystems: readonly string[] = [
  'up',
  'down',
  'ps',
  'logs',
  'stop',
  'start',
  'restart',
  'kill',
  'pause',
  'resume',
  'calls',
  'help',
];

/** Variables that `up` sets from the topology, each with the field that decides it. */
export const reservedEnvironment: Readonly<Record<string, string>> = {
  PORT: 'port',
  HOST: 'the loopback address',
  HOLDFAST_INSTANCE: "the service's name",
  HOLDFAST_WEIGHT: 'weight',
  HOLDFAST_ZONE: 'zone',
  HOLDFAST_REGISTRY: 'registry',
  HOLDFAST_FAULTS: 'faults',
  HOLDFAST_ROUTES: 'routes',
  CLUSTER_KEY: '.holdfast/cluster.key',
};
