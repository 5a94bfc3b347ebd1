/** What a user writes: pure data. Nothing here runs until `holdfast` reads it. */

/** A system: services that belong together, how they are reached and what can be done with them. */
export interface System<Name extends string = string> {
  /** Small letters, digits and dashes. Its commands are called `holdfast <name> ...`. */
  readonly name: string;
  /** One line for `holdfast --help`. */
  readonly summary?: string | undefined;
  readonly services: Readonly<Record<Name, Service>>;
  /** Which paths of the gateway lead to which service. */
  readonly routes?: readonly Route<NoInfer<Name>>[] | undefined;
  readonly commands?: readonly SystemCommand[] | undefined;
  /**
   * Command lines worth trying once it runs; `up` prints them under its table. `{echo-b}` stands for
   * where the first instance of a service listens (`localhost:8081`), so do `{gateway}` and `{registry}`.
   */
  readonly try?: readonly string[] | undefined;
}

export interface Service {
  /** The file that runs it: `new URL('./service-a/main.ts', import.meta.url)`. */
  readonly main: URL;
  /** Port of the first instance; the others take the next ones. 0 takes a free port. */
  readonly port?: number | undefined;
  /** One port for each instance, when they are not consecutive. There may be more of them than instances. */
  readonly ports?: readonly number[] | undefined;
  /** 1 by default. */
  readonly instances?: number | undefined;
  /** The share of the traffic that each instance gets, 0 to 1000; 1 by default, 0 takes none. */
  readonly weight?: number | undefined;
  /** Where the instances run; callers prefer what is in their own zone. */
  readonly zone?: string | undefined;
  /** One zone for each instance, when they differ. There may be more of them than instances. */
  readonly zones?: readonly string[] | undefined;
  /** In a value `{address}` is where the instance listens, `{addresses}` where all of the service do. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly args?: readonly string[] | undefined;
}

/** What a topology may change in a service that a system defines. */
export type ServiceOverride = Partial<Omit<Service, 'main'>>;

export interface Route<Name extends string = string> {
  /** A path prefix such as `/echo-a`. The gateway takes it off before it passes a request on. */
  readonly prefix: string;
  readonly service: Name;
}

/** A command that a system adds: `holdfast <system> <name> ...`. */
export interface SystemCommand {
  readonly name: string;
  readonly summary: string;
  /** The arguments, as help shows them: `<message> [--via http|grpc]`. */
  readonly usage?: string | undefined;
  /** Resolves to the exit code; nothing means 0. An error it throws is printed in one line, exit code 1. */
  readonly run: (context: CommandContext) => Promise<number | undefined> | Promise<void>;
}

export interface CommandContext {
  /** What follows the command's name, as typed. */
  readonly args: readonly string[];
  /** Where the first instance of a service is, `http://127.0.0.1:8080`: the running one if there is one. */
  addressOf(service: string): string;
  /** Where all its instances are: those that run, or those that would. */
  addressesOf(service: string): readonly string[];
  /** Base addresses of the registries; empty when the topology has none. */
  readonly registries: readonly string[];
  /** The cluster key, when one was made. A secret: never print it. */
  readonly clusterKey: string | undefined;
  /** Where logs, keys and data of this topology are; it may not be there yet. */
  readonly dataFolder: string;
  /** Whether the topology runs now. */
  readonly running: boolean;
  /** A line to standard output. */
  print(line: string): void;
  /** A line to standard error. */
  complain(line: string): void;
}

/** One of the platform's own processes. */
export interface ServerConfig {
  readonly port?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Another program in its place that speaks the same wire. */
  readonly main?: URL | undefined;
}

export interface GatewayConfig extends ServerConfig {
  /** Where it runs: it prefers instances of the same zone. */
  readonly zone?: string | undefined;
}

export interface Config<Systems extends readonly System[] = readonly System[]> {
  readonly systems: Systems;
  /** What this topology changes in the systems' services: instances, ports, environment, arguments. */
  readonly services?:
    | { readonly [Name in ServiceOf<Systems[number]>]?: ServiceOverride | undefined }
    | undefined;
  /** Port 8500 by default; false runs without one. */
  readonly registry?: ServerConfig | false | undefined;
  /** Port 8000 by default; false runs without one. */
  readonly gateway?: GatewayConfig | false | undefined;
  /** Lets drills inject faults into the services. Off by default; refused in production. */
  readonly faults?: boolean | undefined;
  readonly production?: boolean | undefined;
}

/** Describes a system. It is returned as it is; `holdfast` checks it when it reads the topology. */
export function defineSystem<const Name extends string>(system: System<Name>): System<Name> {
  return system;
}

/** Describes the topology of `holdfast.config.ts`. It is returned as it is and checked when it is read. */
export function defineConfig<const Systems extends readonly System[]>(
  config: Config<Systems>,
): Config<Systems> {
  return config;
}

/** The names of a system's services; of a union of systems, those of all. */
type ServiceOf<Each> = Each extends System<infer Name> ? Name : never;
