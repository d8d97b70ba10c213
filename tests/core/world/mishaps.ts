/** What befalls the machines of a cluster: by somebody's hand at Mold's screens, or by nobody's. */
import type { Cloud } from "./cloud";
import { byHand } from "./made";

export class Mishaps {
  constructor(private readonly cloud: Cloud) {}

  async stop(name: string): Promise<void> {
    await this.onMachine(name, (mold, id) => mold.run("stopVirtualMachine", { id, forced: true }));
  }

  /** Gone from Mold, with all it held. */
  async destroy(name: string): Promise<void> {
    await this.onMachine(name, (mold, id) => mold.run("destroyVirtualMachine", { id, expunge: true }));
  }

  /** Not expunged yet: its name and its address are still taken. */
  async remove(name: string): Promise<void> {
    await this.onMachine(name, (mold, id) => mold.run("destroyVirtualMachine", { id }));
  }

  async reboot(name: string): Promise<void> {
    await this.onMachine(name, (mold, id) => mold.run("rebootVirtualMachine", { id }));
  }

  /** Its kubelet reports, and its node is not Ready, not even after the reboots that follow, but for the last of `times`. */
  async sicken(name: string, times = 1): Promise<void> {
    this.cloud.emulator.faults.order({ kind: "nodeNeverReady", name, count: times });
    await this.reboot(name);
  }

  /** It runs for Mold, and nothing in it does: its node falls silent, and a control plane's etcd is away. */
  async hang(name: string, times = 1): Promise<void> {
    this.cloud.emulator.faults.order({ kind: "machineNeverBoots", name, count: times });
    await this.reboot(name);
  }

  /** All that run on the same host are off. @returns their names */
  async loseHost(name: string): Promise<string[]> {
    const mold = byHand(this.cloud);
    const machines = await this.cloud.clock.run(mold.list("listVirtualMachines", {}));
    const host = machines.find((machine) => machine.name === name && machine.state === "Running")?.hostname;
    if (host === undefined) throw new Error(`${name} is on no host`);
    this.cloud.emulator.faults.order({ kind: "hostLost", name, ms: 1000 });
    await this.cloud.clock.pass(2000);
    return machines.filter(({ hostname, state }) => hostname === host && state === "Running").map((machine) => machine.name!).sort();
  }

  private async onMachine(name: string, work: (mold: ReturnType<typeof byHand>, id: string) => Promise<unknown>): Promise<void> {
    const mold = byHand(this.cloud);
    const machine = (await this.cloud.clock.run(mold.list("listVirtualMachines", {}))).find((each) => each.name === name);
    if (!machine) throw new Error(`there is no machine ${name}`);
    await this.cloud.clock.run(work(mold, machine.id!));
  }
}
