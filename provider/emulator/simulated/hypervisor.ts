/** The simulated hypervisor: machines as rows, everything inside them played from their user data alone. */
import type { DirectRequest, DirectResponse, Hypervisor, HypervisorContext, IsoSpec, Json, MachineSpec, PublicExposure } from "../hypervisor";
import { Cluster } from "./cluster";
import { noteDown } from "./downtime";
import { durations as defaultDurations, type Durations } from "./durations";
import type { Member } from "./etcd";
import { Kubelets } from "./kubelets";
import { Listeners, type Server6443 } from "./listeners";
import { Machine } from "./machine";
import { NodeAgent } from "./node-agent";
import { SimulatedShell } from "./node-shell";
import { execInPod } from "./pod-exec";
import { LOOPBACK_CLIENT, Reach } from "./reach";
import { clusterOf, isUp, servedBy, type Site } from "./site";
import { snapshotOf } from "./snapshot";
import { Timers } from "./timers";
import { Violations, type Violation } from "./violations";

export interface SimulatedOptions {
  /** Instead of the table in durations.ts; what is left out stays. */
  readonly durations?: Partial<Durations>;
}

/** In a {@link DirectResponse}: the hash of the CA key (`sha256:…`) that the server's certificate is under, which a TLS client would have checked. */
export const CA_HASH_HEADER = "x-emulated-ca-hash";

export class SimulatedHypervisor implements Hypervisor {
  private readonly machines = new Map<string, Machine>();
  private readonly site: Site;
  private readonly agent: NodeAgent;
  private readonly kubelets: Kubelets;
  private readonly listeners: Listeners;
  readonly shell: SimulatedShell;
  private unsettled = false;
  private settling = false;

  constructor(
    private readonly context: HypervisorContext,
    options: SimulatedOptions = {},
  ) {
    this.site = {
      context,
      durations: { ...defaultDurations, ...options.durations },
      timers: new Timers(context.clock),
      machines: this.machines,
      clusters: new Set(),
      reach: new Reach(),
      violations: new Violations(context),
      changed: () => this.changed(),
      events: {
        podDeleted: (cluster, pod) => this.kubelets.podDeleted(cluster, pod),
        exec: (cluster, pod, container, command) => execInPod(this.site, cluster, pod, container, command),
      },
    };
    this.kubelets = new Kubelets(this.site);
    this.shell = new SimulatedShell(this.site);
    this.agent = new NodeAgent(this.site, this.kubelets);
    this.listeners = new Listeners({
      context,
      next: (address, port) => this.next(address, port),
      stillServes: (server) => servedBy(this.site, server.machineId) === server.cluster,
      namesFor: (cluster) => cluster.members.flatMap((member) => [member.name, ...[this.machines.get(member.machineId)?.spec.guestIp ?? []].flat()]),
      written: () => this.changed(),
    });
  }

  restore(machines: readonly { readonly spec: MachineSpec; readonly running: boolean }[]): void {
    for (const cluster of Cluster.restore(this.context, this.site.durations, this.site.events)) this.site.clusters.add(cluster);
    for (const { spec, running } of machines) {
      const machine = new Machine(spec, this.context);
      this.machines.set(spec.id, machine);
      // The API side's record wins: the process may have died between its record and the call that follows from it.
      if (running && !machine.running) this.agent.powerOn(machine);
      else if (!running && machine.running) this.agent.powerOff(machine, true);
    }
    // Timers that fell due meanwhile fire in the order in which they were due, whatever the order of the machines.
    for (const machine of [...this.machines.values()].sort((a, b) => (a.state.due ?? Infinity) - (b.state.due ?? Infinity))) this.agent.resume(machine);
    const known = new Set(this.machines.keys());
    for (const key of this.context.keys("machine/")) if (!known.has(key.slice("machine/".length))) this.forget(key.slice("machine/".length));
    this.changed();
  }

  start(spec: MachineSpec): void {
    const known = this.machines.get(spec.id);
    const machine = known ?? new Machine(spec, this.context);
    machine.spec = spec;
    this.machines.set(spec.id, machine);
    if (!machine.running) this.agent.powerOn(machine);
    this.changed();
  }

  stop(machineId: string, { forced }: { readonly forced: boolean }): void {
    const machine = this.machines.get(machineId);
    if (!machine?.running) return;
    // Forced is also how a lost host pulls the plug, which is nobody's doing.
    if (!forced) noteDown(this.site, machine);
    this.agent.powerOff(machine, forced);
    this.changed();
  }

  reboot(machineId: string): void {
    const machine = this.machines.get(machineId);
    if (!machine?.running) return;
    noteDown(this.site, machine);
    this.agent.powerOff(machine, false);
    // Its neighbours see it go before it comes back.
    this.changed();
    this.agent.powerOn(machine);
    this.changed();
  }

  destroy(machineId: string): void {
    const machine = this.machines.get(machineId);
    if (!machine) return;
    noteDown(this.site, machine);
    if (machine.running) this.agent.powerOff(machine, true);
    this.machines.delete(machineId);
    this.forget(machineId);
    this.changed();
  }

  private forget(machineId: string): void {
    this.context.persist(`machine/${machineId}`, undefined);
    this.context.persist(`console/${machineId}`, undefined);
  }

  attachIso(machineId: string, iso: IsoSpec): void {
    this.respecify(machineId, { iso });
  }

  detachIso(machineId: string): void {
    this.respecify(machineId, { iso: undefined });
  }

  updateUserData(machineId: string, userData: string | undefined): void {
    this.respecify(machineId, { userData });
  }

  private respecify(machineId: string, change: Partial<MachineSpec>): void {
    const machine = this.machines.get(machineId);
    if (!machine) return;
    machine.spec = { ...machine.spec, ...change };
    this.changed();
  }

  exposure(rules: readonly PublicExposure[]): void {
    this.site.reach.replace(rules);
    this.changed();
  }

  /** Looks at everything that may wait for something else, until nothing moves any more. */
  private changed(): void {
    this.unsettled = true;
    if (this.settling) return;
    this.settling = true;
    try {
      while (this.unsettled) {
        this.unsettled = false;
        this.reconsider();
      }
    } finally {
      this.settling = false;
    }
  }

  private reconsider(): void {
    for (const cluster of [...this.site.clusters]) {
      // Only once all machines are known: before, none of them would seem to be there.
      if (!cluster.members.some((member) => this.machines.has(member.machineId))) {
        this.site.clusters.delete(cluster);
        cluster.forget();
        continue;
      }
      cluster.elect(isUp(this.site));
      const available = cluster.hasQuorum(isUp(this.site));
      if (available !== cluster.available) {
        cluster.available = available;
        if (available) this.kubelets.resume(cluster);
      }
      if (cluster.electControllers(isUp(this.site))) this.kubelets.takenUp(cluster);
      if (available) this.kubelets.tend(cluster);
    }
    for (const machine of this.machines.values()) this.agent.tryAgain(machine);
    if (this.context.listen) this.listeners.update(this.openPorts());
  }

  private openPorts(): { readonly address: string; readonly port: number; readonly cluster: Cluster }[] {
    return this.site.reach.apiPorts().flatMap(({ address, port }) => {
      const cluster = this.serving(address, port)[0]?.cluster;
      return cluster ? [{ address, port, cluster }] : [];
    });
  }

  private serving(address: string, port: number): Server6443[] {
    return this.site.reach.behind(address, port, LOOPBACK_CLIENT).flatMap((machineId) => {
      const cluster = servedBy(this.site, machineId);
      return cluster ? [{ machineId, cluster, version: this.machines.get(machineId)?.serves ?? "" }] : [];
    });
  }

  private next(address: string, port: number): Server6443 | undefined {
    return this.site.reach.turn(address, port, this.serving(address, port));
  }

  /** {@inheritDoc Hypervisor.request} A watch answers with what is there and ends; an exec with 101 and `{ stdout, stderr, status }` as JSON. */
  request(address: string, port: number, request: DirectRequest): Promise<DirectResponse | undefined> {
    const server = this.next(address, port);
    if (!server) return Promise.resolve(undefined);
    const url = new URL(request.path, "https://cluster");
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
    const answer = server.cluster.answer({ method: request.method, path: url.pathname, query: url.searchParams, headers, body: request.body }, request.clientCertificate, server.version);
    const lines: string[] = [];
    if ("watch" in answer) answer.watch.start((line) => lines.push(`${line}\n`), () => undefined)();
    if (request.method !== "GET" || "exec" in answer) this.changed();
    const body = "watch" in answer ? lines.join("") : "exec" in answer ? JSON.stringify(answer.exec) : answer.body;
    return Promise.resolve({ status: answer.status, headers: { "content-type": answer.contentType, [CA_HASH_HEADER]: server.cluster.caHash }, body });
  }

  /** What a person would read on the machine's console; empty for a machine that is not there. */
  console(machineId: string): readonly string[] {
    return this.machines.get(machineId)?.console ?? [];
  }

  /** What must never happen and did. */
  violations(): readonly Violation[] {
    return this.site.violations.list();
  }

  /** The etcd members of the cluster that a machine belongs to. */
  members(machineId: string): readonly (Member & { readonly up: boolean; readonly leader: boolean })[] {
    const machine = this.machines.get(machineId);
    const cluster = machine && clusterOf(this.site, machine);
    if (!cluster) return [];
    const up = isUp(this.site);
    const leader = cluster.leader(up);
    return cluster.members.map((member) => ({ ...member, up: up(member.machineId), leader: member === leader }));
  }

  snapshot(): Json {
    return snapshotOf(this.site);
  }

  settled(): Promise<void> {
    return this.listeners.settled();
  }

  async close(): Promise<void> {
    this.site.timers.close();
    await this.listeners.close();
  }
}
