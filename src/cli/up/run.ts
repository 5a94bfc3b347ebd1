import { flushCompileCache } from 'node:module';
import { dirname } from 'node:path';
import { describeError, HoldfastError } from '../../std/index.ts';
import type { ProcessSpec } from '../../topology/index.ts';
import { processTable } from '../terminal/process-table.ts';
import { duration, reportText } from './core/describe.ts';
import { proposals } from './core/proposals.ts';
import { actOnAll } from './driver/act.ts';
import { type Controlled, startControlServer } from './driver/control-server.ts';
import { type DataFolder, unwritable } from './driver/data-folder.ts';
import { Fleet } from './driver/fleet.ts';
import { Guard } from './driver/guard.ts';
import { type LaunchSettings, launch } from './driver/launch.ts';
import { Log } from './driver/log.ts';
import { watchParents } from './driver/parents.ts';
import { deregister } from './driver/registry-notice.ts';
import { keepRunRecord, type RunRecord, writeRunRecord } from './driver/run-file.ts';
import { onStopSignals, type StopSignal } from './driver/signals.ts';
import { loopback, type UpOptions } from './options.ts';
import type { DownAnswer, ProcessList } from './wire.ts';

/** One `up` from the first process to the last: it wires the parts and decides when everything ends. */
export class Run {
  readonly #options: UpOptions;
  readonly #record: RunRecord;
  readonly #log: Log;
  readonly #guard = new Guard();
  readonly #fleet: Fleet;
  readonly #stopped = Promise.withResolvers<DownAnswer>();
  #draining = false;
  #killed = false;
  #failed = false;
  /** The table was shown: from now on every change is told. */
  #shown = false;

  constructor(options: UpOptions, folder: DataFolder, record: RunRecord, specs: readonly ProcessSpec[]) {
    this.#options = options;
    this.#record = record;
    const instances = specs.map(({ instance }) => instance);
    this.#log = new Log(options.out, folder.logs, instances);
    const registries = specs
      .filter(({ role }) => role === 'registry')
      .map(({ port }) => `http://${loopback}:${port}`);
    const { topology, environment } = options;
    const settings: LaunchSettings = {
      host: loopback,
      registries,
      clusterKey: environment.CLUSTER_KEY || folder.clusterKey,
      faults: topology.faults ?? (!topology.production && environment.HOLDFAST_FAULTS === 'on'),
      dataFolder: folder.path,
      routes: topology.routes,
      workingFolder: dirname(options.configFile),
      environment,
    };
    this.#fleet = new Fleet(specs, {
      launch: (spec) => launch(spec, settings),
      heard: ({ spec }, lines) => this.#log.lines(spec.instance, lines),
      report: ({ spec }, report, reason) => {
        if (report.kind === 'ready' && !this.#shown && report.restarts === 0) return;
        this.#log.own(reportText(spec.instance, report, reason));
      },
      born: (pid) => this.#guard.add(pid),
      gone: (pid) => this.#guard.remove(pid),
      deregister: ({ spec }, incarnation) => {
        if (spec.role === 'registry') return;
        for (const registry of registries) {
          deregister(registry, settings.clusterKey, {
            service: spec.service,
            id: spec.instance,
            incarnation,
          });
        }
      },
    });
  }

  /** Resolves to the exit code when everything has stopped. */
  async run(controlKey: string): Promise<number> {
    const { environment } = this.#options;
    const unwatchSignals = onStopSignals(
      environment,
      (signal) => this.#signalled(signal),
      () => this.#kill(),
    );
    const unwatchParents = watchParents(environment, () => {
      this.#stop('What started this is gone: stopping.');
    });
    const { members } = this.#fleet;
    this.#log.own(`Starting ${members.map(({ spec }) => spec.instance).join(', ')}.`);
    this.#guard.start();
    const started = this.#fleet.start();
    const closeControl = await this.#control(controlKey);
    await Promise.race([started, this.#stopped.promise]);
    if (!this.#draining) this.#showTable();
    flushCompileCache();

    await this.#stopped.promise;
    unwatchParents();
    unwatchSignals();
    closeControl();
    this.#guard.stop();
    this.#log.close();
    if (this.#killed) return 130;
    return this.#failed ? 1 : 0;
  }

  /** Opens the control server once the first process is on its way: nobody can need it before. */
  async #control(key: string): Promise<() => void> {
    const controlled: Controlled = {
      list: () => this.#list(),
      act: async ({ action, names }) => {
        if (this.#draining) throw new HoldfastError('failed_precondition', 'Everything is stopping.');
        const chosen = this.#fleet.named(names);
        const registry = this.#fleet.members.find(({ spec }) => spec.role === 'registry');
        return { results: await actOnAll(chosen, action, registry) };
      },
      down: () => {
        this.#stop('Stopping (holdfast down).');
        return this.#stopped.promise;
      },
    };
    try {
      const { server, port } = await startControlServer(key, controlled);
      const withdraw = this.#publish({ ...this.#record, port });
      return () => {
        withdraw();
        server.close();
      };
    } catch (error) {
      this.#fail(`The control server cannot be opened (${describeError(error)}): stopping.`);
      return () => {};
    }
  }

  /** Tells the other commands where the control server is, again and again: the record may get lost. */
  #publish(record: RunRecord): () => void {
    const { dataFolder } = this.#options;
    try {
      const written = writeRunRecord(dataFolder, record);
      if (!written) this.#fail('Another holdfast up took the data folder: stopping.');
    } catch (error) {
      this.#fail(unwritable(dataFolder, error).message);
    }
    return keepRunRecord(dataFolder, record);
  }

  #list(): ProcessList {
    const { id, pid, startedAt, config } = this.#record;
    return { id, pid, startedAt, config, draining: this.#draining, processes: this.#fleet.rows() };
  }

  #showTable(): void {
    this.#shown = true;
    const { out } = this.#options;
    const rows = this.#fleet.rows();
    const ready = rows.filter(({ state }) => state === 'ready').length;
    const tookMs = performance.now();
    out.line();
    for (const line of processTable(out, rows, { detailed: false, wallMs: Date.now() }))
      out.line(`  ${line}`);
    out.line();
    if (ready === rows.length) {
      out.line(`All ${ready} are ready after ${duration(tookMs)}. Try:`);
    } else {
      const missing = rows.filter(({ state }) => state !== 'ready').map(({ instance }) => instance);
      const command = `npx holdfast logs ${missing.join(' ')}`;
      out.line(`${ready} of ${rows.length} are ready after ${duration(tookMs)}. See: ${command}`);
    }
    for (const line of ready === rows.length ? this.#tries() : []) out.line(`  ${line}`);
    out.line('Ctrl-C stops everything. From a second terminal: npx holdfast ps, npx holdfast --help');
    out.line();
  }

  /** What the systems propose; without that a route of the gateway. */
  #tries(): string[] {
    const { systems, routes } = this.#options.topology;
    const specs = this.#fleet.members.map(({ spec }) => spec);
    const proposed = proposals(
      systems.flatMap((system) => system.try),
      specs,
    );
    if (proposed.length > 0) return proposed;
    const route = routes.slice(0, 1).map(({ prefix }) => `curl {gateway}${prefix}/health`);
    return [...proposals(route, specs), 'npx holdfast ps'].slice(0, 1);
  }

  #signalled(signal: StopSignal): void {
    const { out } = this.#options;
    if (signal !== 'SIGINT') {
      this.#stop(signal === 'SIGHUP' ? 'The terminal is gone: stopping.' : 'Stopping (SIGTERM).');
      return;
    }
    // The terminal has shown ^C in the middle of a line.
    if (out.terminal) out.line();
    const roles = new Set(this.#fleet.members.map(({ spec }) => spec.role));
    const order = ['gateway', 'service', 'registry'] as const;
    const parts = order
      .filter((role) => roles.has(role))
      .map((role) => (role === 'service' ? 'services' : role));
    this.#stop(`Stopping: ${parts.join(', then ')}. Ctrl-C again kills at once.`);
  }

  #fail(why: string): void {
    this.#failed = true;
    this.#stop(why);
  }

  #stop(why: string): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#log.own(why);
    const startedMs = performance.now();
    const alive = this.#fleet.rows().filter(({ pid }) => pid !== null).length;
    void this.#fleet.drain().then(() => {
      const tookMs = performance.now() - startedMs;
      if (!this.#killed) this.#log.own(`Stopped ${count(alive)} in ${duration(tookMs)}.`);
      this.#stopped.resolve({ stopped: alive, tookMs });
    });
  }

  #kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#log.own('Killing what is left.');
    const startedMs = performance.now();
    void this.#fleet.end().then((stopped) => {
      this.#stopped.resolve({ stopped, tookMs: performance.now() - startedMs });
    });
  }
}

function count(processes: number): string {
  return processes === 1 ? '1 process' : `${processes} processes`;
}
