/** The hypervisor whose machines are real: systemd-nspawn containers on this host, which go on without this process. */
import { mkdirSync } from "node:fs";
import type { Hypervisor, HypervisorContext, IsoSpec, MachineSpec, NetworkSpec, PublicExposure } from "../hypervisor";
import { Discs, type IsoFolder } from "./discs";
import { adjustKernel } from "./kernel-settings";
import { Machine, type MachineHost } from "./machine";
import { namesFor, settled } from "./names";
import { missing, thisHost } from "./requirements";
import { Routers } from "./routers";
import { sweep } from "./sweep";

export interface NspawnOptions {
  /** The folder for machines' disks: the same one finds them again. */
  readonly dir: string;
  /** The root file system that all machines share. */
  readonly rootfs: string | undefined;
  readonly isoFolder: IsoFolder;
}

/** How often machines are looked at for having powered themselves off. */
const LOOK_EVERY = 1_000;

export class NspawnHypervisor implements Hypervisor {
  private readonly host: MachineHost;
  private readonly machines = new Map<string, Machine>();
  private readonly looking: NodeJS.Timeout;
  private readonly ready: Promise<void>;
  private swept: Promise<void> | undefined;
  private applying: Promise<void> | undefined;

  /** @throws with everything that this host lacks, and what to install */
  constructor(context: HypervisorContext, options: NspawnOptions) {
    const { rootfs, isoFolder } = options;
    const { publicRange } = context;
    const lacking = missing(thisHost, rootfs);
    // Each machine's own loopback would have them.
    if (/^127\./.test(publicRange)) lacking.push(`public addresses of real machines can't be on loopback, and this Mold was made with ${publicRange}: take another --state, or start it with --hypervisor simulated`);
    if (rootfs === undefined || lacking.length > 0) throw new Error(lacking.join("\n"));
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const names = namesFor(settled(options.dir));
    const report = (text: string): void => context.emit({ type: "NSPAWN.HOST", text });
    this.host = { names, rootfs, context, routers: new Routers(names, publicRange, report), discs: new Discs(`${names.dir}/discs`, isoFolder) };
    this.ready = adjustKernel().then(
      (lines) => lines.forEach(report),
      (error: unknown) => report(`the kernel's settings could not be changed: ${error instanceof Error ? error.message : String(error)}`),
    );
    this.looking = setInterval(() => this.machines.forEach((machine) => machine.look()), LOOK_EVERY);
    this.looking.unref();
  }

  restore(machines: readonly { readonly spec: MachineSpec; readonly running: boolean }[]): void {
    for (const { spec, running } of machines) this.machine(spec).restore(spec, running);
  }

  start(spec: MachineSpec): void {
    this.machine(spec).start(spec);
  }

  stop(machineId: string, { forced }: { readonly forced: boolean }): void {
    void this.machines.get(machineId)?.stop(forced);
  }

  async shutDown(machineId: string, { forced }: { readonly forced: boolean }): Promise<void> {
    await this.machines.get(machineId)?.stop(forced);
  }

  reboot(machineId: string): void {
    this.machines.get(machineId)?.reboot();
  }

  destroy(machineId: string): void {
    const machine = this.machines.get(machineId);
    // Known until it is gone, so that whoever waits for everything waits for this too.
    void machine?.destroy().then(() => this.machines.delete(machineId));
  }

  attachIso(machineId: string, iso: IsoSpec): void {
    this.machines.get(machineId)?.attachIso(iso);
  }

  detachIso(machineId: string): void {
    this.machines.get(machineId)?.detachIso();
  }

  updateUserData(machineId: string, userData: string | undefined): void {
    this.machines.get(machineId)?.updateUserData(userData);
  }

  exposure(rules: readonly PublicExposure[], networks: readonly NetworkSpec[]): void {
    // What an earlier process left and no record knows; only now are both machines and networks known.
    const kept = { machineIds: [...this.machines.keys()], networkIds: networks.map(({ id }) => id) };
    this.swept ??= this.ready
      .then(() => sweep(this.host.names, kept))
      .catch((error: unknown) => this.host.context.emit({ type: "NSPAWN.HOST", text: `not everything could be swept: ${error instanceof Error ? error.message : String(error)}` }));
    this.applying = this.swept.then(() => this.host.routers.apply(networks, rules));
  }

  async exposed(): Promise<void> {
    await this.applying;
  }

  console(machineId: string): readonly string[] {
    return this.machines.get(machineId)?.console() ?? [];
  }

  async settled(): Promise<void> {
    await this.applying;
    await Promise.all([...this.machines.values()].map((machine) => machine.over()));
    await this.host.routers.over();
  }

  /** Machines and networks go on: the next process takes them up. */
  async close(): Promise<void> {
    clearInterval(this.looking);
    await this.settled();
    if (this.machines.size === 0) await this.host.routers.giveBack();
  }

  private machine(spec: MachineSpec): Machine {
    const known = this.machines.get(spec.id);
    if (known !== undefined) return known;
    const machine = new Machine(spec, this.host);
    this.machines.set(spec.id, machine);
    return machine;
  }
}
