/** From the rules to the public ports, and to the routers that have them: what the hypervisor is told. */
import { aclLetsIn } from "./acl-lets-in";
import type { ExposureTarget, NetworkSpec, PublicExposure } from "./hypervisor";
import type { FirewallRow, MachineRow } from "./model";
import type { Store } from "./store";

/** A port-forwarding range is shown port by port, up to this many: a listener each is opened at most for the Kubernetes API. */
const WIDEST_RANGE = 64;

const gone = new Set(["Destroyed", "Expunging", "Error"]);

/** Every public port that a balancer or forwarding rule leads somewhere, in a stable order. */
export function exposures(store: Store): PublicExposure[] {
  const addresses = store.table("addresses");
  const machines = store.table("machines");
  const firewall = store.table("firewallRules").filter((rule) => rule.state === "Active" && rule.direction === "Ingress");
  const rules: PublicExposure[] = [];
  /** Of a tier its access list decides, once the port is the machine's; of any other network the firewall of the address. */
  const allowed = (addressId: string, networkId: string, protocol: string, port: number, privatePort: number): string[] => {
    const network = store.table("networks").get(networkId);
    return network?.vpcId === undefined ? letIn(firewall, addressId, protocol, port) : aclLetsIn(store, network, protocol, privatePort);
  };
  const target = (machine: MachineRow | undefined, privatePort: number): ExposureTarget[] =>
    machine === undefined || gone.has(machine.state) ? [] : [{ machineId: machine.id, guestIp: machine.guestIp, privatePort }];

  for (const balancer of store.table("balancers").filter((rule) => rule.state !== "Revoke")) {
    const address = addresses.get(balancer.addressId);
    if (address === undefined) continue;
    const protocol = balancer.protocol === "udp" ? "udp" : "tcp";
    rules.push({
      address: address.address,
      port: balancer.publicPort,
      protocol,
      kind: "loadBalancer",
      ruleId: balancer.id,
      networkId: balancer.networkId,
      algorithm: balancer.algorithm,
      allowedCidrs: allowed(address.id, balancer.networkId, protocol, balancer.publicPort, balancer.privatePort),
      targets: balancer.memberIds.flatMap((id) => target(machines.get(id), balancer.privatePort)),
    });
  }
  for (const forward of store.table("forwards").filter((rule) => rule.state === "Active")) {
    const address = addresses.get(forward.addressId);
    if (address === undefined) continue;
    const protocol = forward.protocol === "udp" ? "udp" : "tcp";
    const width = Math.min(forward.publicEndPort - forward.publicPort, WIDEST_RANGE - 1);
    for (let offset = 0; offset <= width; offset += 1) {
      rules.push({
        address: address.address,
        port: forward.publicPort + offset,
        protocol,
        kind: "portForward",
        ruleId: forward.id,
        networkId: forward.networkId,
        allowedCidrs: allowed(address.id, forward.networkId, protocol, forward.publicPort + offset, forward.privatePort + offset),
        targets: target(machines.get(forward.machineId), forward.privatePort + offset),
      });
    }
  }
  return [...rules, ...outside(store, target)];
}

const API_PORT = 6443;

/** A balancer of the user's, outside the cloud: it follows the control nodes of the cluster that names its address, and lets in everyone. */
function outside(store: Store, target: (machine: MachineRow | undefined, privatePort: number) => ExposureTarget[]): PublicExposure[] {
  return store.table("clusters").all().flatMap(({ id, networkId = "", managed, machines }) => {
    const address = managed?.details.externalloadbalanceripaddress;
    if (address === undefined) return [];
    const targets = machines.filter(({ control }) => control).flatMap(({ machineId }) => target(store.table("machines").get(machineId), API_PORT));
    return [{ address, port: API_PORT, protocol: "tcp" as const, kind: "loadBalancer" as const, ruleId: id, networkId, algorithm: "roundrobin" as const, allowedCidrs: ["0.0.0.0/0"], targets }];
  });
}

/** The networks that have a router, with its public addresses: that of source NAT first. */
export function routed(store: Store): NetworkSpec[] {
  const addresses = store.table("addresses");
  return store
    .table("networks")
    .filter(({ state }) => state === "Implemented")
    .map(({ id, cidr, gateway }) => {
      const theirs = addresses.filter((address) => address.networkId === id && address.state === "Allocated");
      return { id, cidr, gateway, addresses: [...theirs.filter(({ sourceNat }) => sourceNat), ...theirs.filter(({ sourceNat }) => !sourceNat)].map(({ address }) => address) };
    });
}

function letIn(rules: readonly FirewallRow[], addressId: string, protocol: string, port: number): string[] {
  const cidrs = new Set<string>();
  for (const rule of rules) {
    if (rule.addressId !== addressId || (rule.protocol !== "all" && rule.protocol !== protocol)) continue;
    if (rule.startPort !== undefined && (port < rule.startPort || port > (rule.endPort ?? rule.startPort))) continue;
    for (const cidr of rule.cidrs) cidrs.add(cidr);
  }
  return [...cidrs].sort();
}
