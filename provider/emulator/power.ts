/** What happens to a machine beyond one command: its power, its network's router, its end. */
import type { Actor, Cloud } from "./cloud";
import type { IsoSpec, MachineSpec } from "./hypervisor";
import type { MachineRow, NetworkRow } from "./model";

/** The machine as the hypervisor is told of it. */
export function machineSpec(cloud: Cloud, machine: MachineRow): MachineSpec {
  const network = cloud.table("networks").get(machine.networkId);
  const offering = cloud.table("offerings").get(machine.offeringId);
  const keys = cloud.table("keyPairs");
  return {
    id: machine.id,
    instanceName: machine.instanceName,
    name: machine.name,
    hostname: machine.name,
    guestIp: machine.guestIp,
    networkId: machine.networkId,
    gateway: network?.gateway ?? "",
    networkCidr: network?.cidr ?? "",
    cpu: offering?.cpus ?? 1,
    memoryMb: offering?.memoryMb ?? 512,
    userData: machine.userData,
    iso: isoSpec(cloud, machine.isoId),
    templateName: cloud.table("templates").get(machine.templateId)?.name ?? "",
    sshPublicKeys: machine.keyPairs.flatMap((name) => keys.find((key) => key.name === name && key.accountId === machine.accountId)?.publicKey ?? []),
    hostName: cloud.table("hosts").get(machine.hostId ?? "")?.name ?? "",
  };
}

export function isoSpec(cloud: Cloud, isoId: string | undefined): IsoSpec | undefined {
  const iso = isoId === undefined ? undefined : cloud.table("isos").get(isoId);
  return iso === undefined ? undefined : { id: iso.id, name: iso.name, version: iso.kubernetesVersion };
}

export function actorOf(row: { readonly accountId: string; readonly projectId?: string; readonly userId?: string }): Actor {
  return { userId: row.userId ?? "", accountId: row.accountId, ...(row.projectId === undefined ? {} : { projectId: row.projectId }) };
}

/** An event about a machine. */
export function machineEvent(cloud: Cloud, machine: MachineRow, type: string, text: string, level: "INFO" | "ERROR" = "INFO"): void {
  cloud.event(actorOf(machine), { type, text, level, resourceId: machine.id, resourceType: "VirtualMachine", resourceName: machine.name });
}

/** The first machine on a network makes its router: a VLAN, and a source NAT address unless it has one. */
export function implement(cloud: Cloud, network: NetworkRow): void {
  if (network.state === "Implemented") return;
  cloud.table("networks").patch(network.id, { state: "Implemented", vlan: 100 + (cloud.count("vlan") % 900) });
  const addresses = cloud.table("addresses");
  // Machines on a shared network have addresses that are reached without one.
  if (cloud.table("networkOfferings").get(network.networkOfferingId)?.guestType === "Shared") return;
  if (addresses.find((address) => address.networkId === network.id && address.sourceNat) !== undefined) return;
  const free = addresses.find((address) => address.state === "Free" && address.zoneId === network.zoneId);
  if (free === undefined) return;
  addresses.patch(free.id, {
    state: "Allocated",
    sourceNat: true,
    networkId: network.id,
    accountId: network.accountId,
    projectId: network.projectId,
    allocated: cloud.now(),
  });
}

/** Shows a machine as Running and powers it on. */
export function powerOn(cloud: Cloud, machine: MachineRow): MachineRow {
  const { deployvm: _never, ...details } = machine.details;
  const running = cloud.table("machines").patch(machine.id, {
    state: "Running",
    lastUpdated: cloud.now(),
    details: { ...details, memoryOvercommitRatio: "1.0", cpuOvercommitRatio: "1.0" },
  });
  cloud.table("volumes").patch(machine.volumeId, { state: "Ready" });
  cloud.afterwards(() => {
    cloud.hypervisor.start(machineSpec(cloud, running));
    awaitHostLoss(cloud, running);
  });
  return running;
}

/** Shows a machine as Stopped and powers it off. */
export function powerOff(cloud: Cloud, machine: MachineRow, forced: boolean): MachineRow {
  const stopped = cloud.table("machines").patch(machine.id, {
    state: "Stopped",
    hostId: undefined,
    lastUpdated: cloud.now(),
    ...(machine.details.deployvm === undefined ? { details: { ...machine.details, "Message.ReservedCapacityFreed.Flag": "false" } } : {}),
  });
  cloud.afterwards(() => cloud.hypervisor.stop(machine.id, { forced }));
  return stopped;
}

/** The machine is gone for good: its disk, its place in balancers, its forwarding rules, its tags. */
export function expunge(cloud: Cloud, machine: MachineRow): void {
  for (const balancer of cloud.table("balancers").filter(({ memberIds }) => memberIds.includes(machine.id))) {
    cloud.table("balancers").patch(balancer.id, { memberIds: balancer.memberIds.filter((id) => id !== machine.id) });
  }
  for (const forward of cloud.table("forwards").filter(({ machineId }) => machineId === machine.id)) removeRelated(cloud, forward.id, () => cloud.drop("forwards", forward));
  const volume = cloud.table("volumes").get(machine.volumeId);
  if (volume !== undefined) cloud.drop("volumes", volume);
  cloud.drop("machines", machine);
  machineEvent(cloud, machine, "VM.EXPUNGE", `Successfully completed expunging Instance. Instance Id: ${machine.id}`);
  cloud.afterwards(() => cloud.hypervisor.destroy(machine.id));
}

/** Takes a rule away, and the firewall rule that its `openfirewall` made. */
export function removeRelated(cloud: Cloud, ruleId: string, remove: () => void): void {
  for (const rule of cloud.table("firewallRules").filter(({ relatedRuleId }) => relatedRuleId === ruleId)) cloud.drop("firewallRules", rule);
  remove();
}

/** The server's own expunge thread: a destroyed machine goes when its delay is over. */
export function expungeLater(cloud: Cloud, machine: MachineRow, left: number): void {
  cloud.clock.after(left, () =>
    cloud.change(() => {
      const row = cloud.table("machines").get(machine.id);
      if (row !== undefined && row.destroyed !== undefined && row.destroyed === machine.destroyed) expunge(cloud, row);
    }),
  );
}

/** An ordered `hostLost` takes its course. */
function awaitHostLoss(cloud: Cloud, machine: MachineRow): void {
  const order = cloud.faults.take("hostLost", { names: [machine.name, machine.displayName] });
  if (order === undefined) return;
  cloud.clock.after(order.ms ?? cloud.durations.hostLostAfter, () => {
    const hostId = cloud.table("machines").get(machine.id)?.hostId;
    if (hostId !== undefined) loseHost(cloud, hostId);
  });
}

/** Orders of `hostLost` for machines that run already. */
export function loseHosts(cloud: Cloud): void {
  for (const machine of cloud.table("machines").filter(({ state }) => state === "Running")) awaitHostLoss(cloud, machine);
}

/** The host is Down, its machines are Stopped; after a while it is Up again, and empty. */
function loseHost(cloud: Cloud, hostId: string): void {
  cloud.change(() => {
    const host = cloud.table("hosts").patch(hostId, { state: "Down" });
    for (const machine of cloud.table("machines").filter((one) => one.hostId === hostId && one.state === "Running")) {
      powerOff(cloud, machine, true);
      machineEvent(cloud, machine, "VM.STOP", `Host ${host.name} is lost; Instance ${machine.name} is stopped`, "ERROR");
    }
    cloud.afterwards(() => hostComesBack(cloud, hostId));
  });
}

export function hostComesBack(cloud: Cloud, hostId: string): void {
  cloud.clock.after(cloud.durations.hostAway, () => cloud.change(() => cloud.table("hosts").patch(hostId, { state: "Up" })));
}
