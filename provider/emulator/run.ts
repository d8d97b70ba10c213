/** One run of the server over a store: from boot to its end, orderly or not. */
import { commands } from "./commands";
import { Cloud } from "./cloud";
import { workLeft, type EmulatorClock } from "./clock";
import { Dispatcher, type Killer } from "./dispatch";
import type { CallLog } from "./calls";
import type { Durations } from "./durations";
import type { Faults } from "./faults";
import type { Hypervisor, HypervisorFactory, Json } from "./hypervisor";
import { Scanner } from "./kubernetes-service/scanner";
import { actorOf, expungeLater, hostComesBack, machineSpec, powerOff } from "./power";
import { ScopedClock } from "./scoped-clock";
import { enableVersions, publicRangeOf, seedCloud, type SeedParts } from "./seed";
import type { Settings } from "./settings";
import type { Store } from "./store";

export interface RunParts {
  readonly store: Store;
  readonly clock: EmulatorClock;
  readonly settings: Settings;
  readonly durations: Durations;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly seed: SeedParts;
  readonly offersKubernetes?: (version: string) => boolean;
  readonly hypervisor: HypervisorFactory;
  readonly listen: boolean;
  readonly log: (line: string) => void;
  readonly kill: Killer;
}

export class Run {
  readonly cloud: Cloud;
  readonly dispatcher: Dispatcher;
  readonly hypervisor: Hypervisor;
  private readonly clock: ScopedClock;
  private readonly scanner: Scanner;

  constructor(parts: RunParts) {
    const { store, settings, durations, faults, log } = parts;
    this.clock = new ScopedClock(parts.clock);
    this.cloud = new Cloud({ store, clock: this.clock, settings, durations, faults, log });
    seedCloud(this.cloud, parts.seed);
    if (parts.offersKubernetes !== undefined) enableVersions(this.cloud, parts.offersKubernetes);
    this.dispatcher = new Dispatcher(this.cloud, commands, parts.calls, parts.kill);
    this.hypervisor = parts.hypervisor(this.context(parts.listen, parts.seed.publicRange));
    this.cloud.attach(this.hypervisor);
    this.scanner = new Scanner(this.cloud, (cluster, command, asked) => this.dispatcher.issue(command, asked, cluster));
    this.cloud.watch("clusters", () => this.scanner.wake());
    this.resume();
  }

  /** Ends the run; the store stays open. */
  async close(): Promise<void> {
    this.scanner.close();
    this.clock.close();
    this.dispatcher.jobs.close();
    await this.hypervisor.close();
  }

  private context(listen: boolean, publicRange: string): Parameters<HypervisorFactory>[0] {
    const { cloud } = this;
    const values = cloud.table("hypervisor");
    return {
      clock: this.clock,
      listen,
      publicRange: publicRangeOf(cloud.store) ?? publicRange,
      uuid: () => cloud.change(() => cloud.uuid()),
      emit: ({ machineId, type, text }) => {
        cloud.log(`${type} ${text}`);
        const machine = machineId === undefined ? undefined : cloud.table("machines").get(machineId);
        if (machine === undefined) return;
        cloud.change(() => cloud.event(actorOf(machine), { type, text, resourceId: machine.id, resourceType: "VirtualMachine", resourceName: machine.name }));
      },
      persist: (key, value) => {
        cloud.change(() => (value === undefined ? values.remove(key) : void values.put({ id: key, number: 0, value })));
      },
      load: (key) => values.get(key)?.value as Json | undefined,
      keys: (prefix) => values.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => id).sort(),
      faultFor: (kind, machineName) => cloud.faults.take(kind, { names: [machineName] }) !== undefined,
      onStopped: (machineId) => {
        const machine = cloud.table("machines").get(machineId);
        if (machine?.state === "Running") cloud.change(() => powerOff(cloud, machine, false));
      },
    };
  }

  /** Takes up what was under way when the last run ended. */
  private resume(): void {
    const { cloud } = this;
    const existing = cloud.table("machines").all();
    this.hypervisor.restore(existing.map((machine) => ({ spec: machineSpec(cloud, machine), running: machine.state === "Running" || machine.state === "Stopping" })));
    cloud.expose();
    for (const machine of existing) if (machine.destroyed !== undefined) expungeLater(cloud, machine, workLeft(cloud.clock, machine.destroyed, cloud.settings.expungeDelay));
    for (const host of cloud.table("hosts").filter(({ state }) => state === "Down")) hostComesBack(cloud, host.id);
    this.dispatcher.jobs.resume();
    this.scanner.wake();
  }
}
