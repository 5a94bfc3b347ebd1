import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { limits } from './limits.ts';

const run = promisify(execFile);
const relay = path.resolve(import.meta.dirname, 'relay-process.ts');
const subnet = '10.77.0';

/** A machine of the network, as far as the test has to do with it. */
export interface Machine {
  /** What the others reach it by. */
  readonly ip: string;
  /** In the file system: leads to its port, whatever its cable does. */
  readonly socket: string;
  /** In front of a command that is to run there. */
  readonly prefix: readonly string[];
}

export interface NetworkOptions {
  /** For sockets. */
  readonly folder: string;
  readonly machines: number;
  /** The port of each machine that its socket leads to. */
  readonly port: number;
}

/**
 * Machines on one switch: network namespaces, a cable (veth) from each to a bridge in a namespace of its own.
 * Without root all of it is in a user namespace. Nothing of it has a name outside: it goes with the processes
 * that hold it, and these go with the test.
 */
export class Network {
  readonly machines: Machine[] = [];
  readonly #holders: ChildProcess[] = [];
  readonly #switch: readonly string[];

  /** Throws with a sentence that says what this machine lacks. */
  static async create({ folder, machines, port }: NetworkOptions): Promise<Network> {
    const missing = missingForNetworks();
    if (missing !== undefined) throw new Error(missing);
    const holder = spawn('unshare', [...newUser, '--net', 'sh', '-c', 'echo held; exec cat']);
    await held(holder);
    const network = new Network(holder);
    try {
      await network.#onSwitch('ip link add sw type bridge', 'ip link set sw up');
      for (let index = 0; index < machines; index++) {
        await network.#add(path.join(folder, `${index}.sock`), port);
      }
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  private constructor(holder: ChildProcess) {
    this.#holders.push(holder);
    this.#switch = enter(holder);
  }

  /** Pulls the cable of a machine: what it sends is lost, and what is sent to it. */
  async unplug(index: number): Promise<void> {
    await this.#onSwitch(`ip link set ${cable(index)} down`);
  }

  async plug(index: number): Promise<void> {
    await this.#onSwitch(`ip link set ${cable(index)} up`);
  }

  /** What one machine sends to the other is lost from here on; what comes back is not. */
  async lose(from: number, to: number): Promise<void> {
    const { ip } = this.#machine(from);
    const { prefix } = this.#machine(to);
    await sh(
      prefix,
      'nft add table inet loss',
      "nft 'add chain inet loss in { type filter hook input priority 0; }'",
      `nft add rule inet loss in ip saddr ${ip} drop`,
    );
  }

  /** Everything reaches this machine again. */
  async loseNothing(to: number): Promise<void> {
    await sh(this.#machine(to).prefix, 'nft delete table inet loss');
  }

  async close(): Promise<void> {
    for (const holder of this.#holders.toReversed()) {
      const ended = holder.exitCode === null && holder.signalCode === null ? once(holder, 'exit') : [];
      holder.kill('SIGKILL');
      await ended;
    }
  }

  async #add(socket: string, port: number): Promise<void> {
    const index = this.machines.length;
    const ip = `${subnet}.${index + 1}`;
    const [program, ...args] = this.#switch as [string, ...string[]];
    const node = [process.execPath, relay, socket, String(port)];
    const holder = spawn(program, [...args, 'unshare', '--net', ...node]);
    this.#holders.push(holder);
    await held(holder);
    const end = cable(index);
    await this.#onSwitch(
      `ip link add ${end} type veth peer name eth0 netns ${holder.pid}`,
      `ip link set ${end} master sw`,
      `ip link set ${end} up`,
    );
    const prefix = enter(holder);
    await sh(prefix, 'ip link set lo up', `ip address add ${ip}/24 dev eth0`, 'ip link set eth0 up');
    this.machines.push({ ip, socket, prefix });
  }

  #machine(index: number): Machine {
    const machine = this.machines[index];
    if (machine === undefined) throw new Error(`There is no machine ${index}.`);
    return machine;
  }

  async #onSwitch(...commands: readonly string[]): Promise<void> {
    await sh(this.#switch, ...commands);
  }
}

const isRoot = process.getuid?.() === 0;
const newUser = isRoot ? [] : ['--user', '--map-root-user'];

/** What this machine lacks for networks of its own, as sentences; undefined when nothing is missing. */
export function missingForNetworks(): string | undefined {
  if (process.platform !== 'linux') return 'Network namespaces need Linux: run this test there.';
  const programs = ['unshare', 'nsenter', 'ip', 'nft'];
  const lacking = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  // nft and ip are where only root finds them, on some systems.
  if (lacking.length > 0) {
    const names = lacking.join(', ');
    return `Missing for network namespaces: ${names}. Debian: apt-get install util-linux iproute2 nftables.`;
  }
  const tried = spawnSync('unshare', [...newUser, '--net', 'ip', 'link', 'add', 'sw', 'type', 'bridge']);
  if (tried.status === 0) return undefined;
  const how = isRoot ? 'as root with CAP_NET_ADMIN and CAP_SYS_ADMIN' : 'as root, or allow user namespaces';
  return `No network namespace can be made here (${String(tried.stderr).trim()}): run this test ${how}.`;
}

function cable(index: number): string {
  return `cable${index}`;
}

function enter({ pid }: ChildProcess): string[] {
  const user = isRoot ? [] : ['--user', '--preserve-credentials'];
  return ['nsenter', '--target', String(pid), ...user, '--net'];
}

async function sh(prefix: readonly string[], ...commands: readonly string[]): Promise<void> {
  const [program, ...args] = prefix as [string, ...string[]];
  await run(program, [...args, 'sh', '-c', commands.join(' && ')]);
}

/** It has its namespace, and has said so. */
async function held(holder: ChildProcess): Promise<void> {
  holder.stderr?.setEncoding('utf8');
  let said = '';
  holder.stderr?.on('data', (text: string) => {
    said += text;
  });
  const told = once(holder.stdout as NodeJS.EventEmitter, 'data', {
    signal: AbortSignal.timeout(limits.startMs),
  });
  const ended = once(holder, 'exit').then(() => {
    throw new Error(`A namespace could not be made: ${said}`);
  });
  await Promise.race([told, ended]);
  ended.catch(() => {});
}
