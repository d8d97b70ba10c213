/**
 * What the service does by itself from time to time (upstream: KubernetesClusterStatusScanner, KubernetesClusterGarbageCollector): it compares
 * each cluster's state with its machines, mends Alert where all is well again, and ends what a failed delete has left. Beside that the
 * cluster autoscaler, which runs in a cluster and asks Mold for workers as a user would.
 */
import type { Cancel } from "../clock";
import type { Cloud } from "../cloud";
import type { ClusterRow, MachineState } from "../model";
import { controlIds, machinesOf, managedOf, nodeName, totalOf, workersOf } from "./machines";
import { transit } from "./states";

/** Asks Mold for something in the name of a cluster's owner. */
export type Ask = (cluster: ClusterRow, command: string, params: Readonly<Record<string, string>>) => void;

export class Scanner {
  private pending: Cancel | undefined;
  private closed = false;
  /** Since when a node has had no pod that would have to move, by the machine's id. */
  private readonly idleSince = new Map<string, number>();

  constructor(
    private readonly cloud: Cloud,
    private readonly ask: Ask,
  ) {}

  /** Told when clusters may have come; while there is none, nothing is looked at. */
  wake(): void {
    if (this.closed || this.pending !== undefined || this.clusters().length === 0) return;
    this.pending = this.cloud.clock.after(this.cloud.durations.serviceScan, () => {
      this.pending = undefined;
      this.cloud.change(() => this.scan());
      this.wake();
    });
  }

  close(): void {
    this.closed = true;
    this.pending?.();
  }

  private clusters(): ClusterRow[] {
    return this.cloud.table("clusters").filter(({ managed }) => managed !== undefined);
  }

  private scan(): void {
    for (const cluster of this.clusters()) {
      this.afterRestart(cluster);
      this.compare(cluster);
      const now = this.cloud.table("clusters").get(cluster.id);
      if (now?.state === "Running" && now.managed?.autoscaling) this.autoscale(now, now.managed.autoscaling);
      if (now?.state === "Destroying" && now.managed?.checkForGc === true) this.collect(now);
    }
  }

  /**
   * What a restart has left under way is given up, but for a stop, and a start of which all machines run (ABLESTACK's fork, docs on interrupted operations;
   * upstream gives up a start alone): those stay as they are. A delete is begun anew.
   */
  private afterRestart(cluster: ClusterRow): void {
    const { cloud } = this;
    const { cancelled, ...managed } = managedOf(cluster);
    if (cancelled === undefined || cloud.now() - cancelled < cloud.durations.serviceRestart / (cloud.clock.speed ?? 1)) return;
    cloud.table("clusters").patch(cluster.id, { managed: { ...managed, cancelled: undefined } });
    if (cluster.state === "Destroying") return this.ask(cluster, "deleteKubernetesCluster", { id: cluster.id });
    if (cluster.state !== "Stopping" && !(cluster.state === "Starting" && this.areAll(cluster, "Running"))) transit(cloud, cluster, "failed");
  }

  private areAll(cluster: ClusterRow, state: MachineState): boolean {
    const machines = machinesOf(this.cloud, cluster);
    return machines.length >= totalOf(cluster) && machines.every((machine) => machine.state === state);
  }

  private compare(known: ClusterRow): void {
    const cluster = this.cloud.table("clusters").get(known.id) ?? known;
    const all = (state: MachineState): boolean => this.areAll(cluster, state);
    if (cluster.state === "Running" && !all("Running")) transit(this.cloud, cluster, "faults");
    if (cluster.state === "Stopped" && !all("Stopped")) transit(this.cloud, cluster, "faults");
    if (cluster.state !== "Alert") return;
    // Upstream's reconcileAlertCluster: neither fewer nor more.
    if (cluster.machines.length === totalOf(cluster) && all("Running") && this.isReady(cluster)) {
      transit(this.cloud, cluster, "recover");
      transit(this.cloud, cluster, "succeeded");
    } else if (all("Stopped")) {
      transit(this.cloud, cluster, "stop");
      transit(this.cloud, cluster, "succeeded");
    }
  }

  private isReady(cluster: ClusterRow): boolean {
    const ready = this.cloud.hypervisor.shell?.nodes(controlIds(cluster))?.filter((node) => node.ready).length;
    return ready === totalOf(cluster);
  }

  private collect(cluster: ClusterRow): void {
    this.cloud.table("clusters").patch(cluster.id, { managed: { ...managedOf(cluster), checkForGc: false } });
    this.ask(cluster, "deleteKubernetesCluster", { id: cluster.id });
  }

  private autoscale(cluster: ClusterRow, { min, max }: { readonly min: number; readonly max: number }): void {
    const demand = this.cloud.hypervisor.shell?.demand(controlIds(cluster));
    if (!demand) return;
    const { size } = managedOf(cluster);
    const wanted = Math.min(max, Math.max(min, demand.pending > 0 ? size + 1 : size));
    if (wanted > size) return this.ask(cluster, "scaleKubernetesCluster", { id: cluster.id, size: String(wanted) });
    const unneeded = this.longIdle(cluster, demand.idle);
    if (size > min && unneeded !== undefined && demand.pending === 0) this.ask(cluster, "scaleKubernetesCluster", { id: cluster.id, nodeids: unneeded });
  }

  /** A worker that has been idle for long enough to go. */
  private longIdle(cluster: ClusterRow, idle: readonly string[]): string | undefined {
    const { cloud, idleSince } = this;
    const long = cloud.durations.serviceIdle / (cloud.clock.speed ?? 1);
    for (const { machineId } of workersOf(cluster)) {
      const machine = cloud.table("machines").get(machineId);
      if (!machine || !idle.includes(nodeName(machine))) idleSince.delete(machineId);
      else if (!idleSince.has(machineId)) idleSince.set(machineId, cloud.now());
    }
    return workersOf(cluster).map(({ machineId }) => machineId).reverse().find((id) => cloud.now() - (idleSince.get(id) ?? cloud.now()) >= long);
  }
}
