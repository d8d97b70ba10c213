/** What has to be there before each recorded call makes sense, and which of its parameters then name what. */
import type { Params, World } from "./test-client";

export interface Stage {
  /** Parameters to put in the place of the recorded ones. */
  readonly params?: Params;
  readonly user?: string;
  /** Sent instead of a signed call. */
  readonly raw?: string;
  readonly lenient?: true;
}

export type SetStage = (world: World) => Promise<Stage>;

const kubernetesVersion = async (world: World, version = "1.34.2"): Promise<string> => (await world.list("listKubernetesSupportedVersions")).find(({ semanticversion }) => semanticversion === version)?.id as string;
const isoOf = async (world: World, version = "1.34.2"): Promise<string> => (await world.list("listKubernetesSupportedVersions")).find(({ semanticversion }) => semanticversion === version)?.isoid as string;

/** A network with its router, named as the recorded one. */
async function implemented(world: World, name = "k8s-net"): Promise<string> {
  const network = await world.network(name);
  await world.machine(network, "router-maker");
  return network;
}

async function addressed(world: World, name = "k8s-net"): Promise<{ network: string; address: string }> {
  const network = await implemented(world, name);
  return { network, address: await world.address(network) };
}

async function vpc(world: World): Promise<string> {
  return world.made("createVPC", { name: "v", displaytext: "v", cidr: "10.9.0.0/16", zoneid: (await world.basics()).zone, vpcofferingid: (await world.first("listVPCOfferings")).id as string });
}

async function accessList(world: World): Promise<string> {
  return world.made("createNetworkACLList", { name: "a", description: "a", vpcid: await vpc(world) });
}

async function keyPair(world: World): Promise<void> {
  await world.call("registerSSHKeyPair", { name: "k8s", publickey: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== x" });
}

/** The machine that most samples are about: with a key pair, running. */
async function control(world: World, more: Params = {}, network?: string): Promise<{ network: string; machine: string }> {
  await keyPair(world);
  const on = network ?? (await world.network("k8s-net"));
  return { network: on, machine: await world.machine(on, "prod-control-1", { keypair: "k8s", ...more }) };
}

async function plain(world: World, name: string, more: Params = {}): Promise<{ network: string; machine: string }> {
  const network = await implemented(world, "dn");
  return { network, machine: await world.machine(network, name, more) };
}

async function stopped(world: World): Promise<string> {
  const machine = await tagged(world);
  await world.job("stopVirtualMachine", { id: machine });
  return machine;
}

/** `iso-vm`, never started on a network without a router, or running, with an ISO of that version. */
async function isoMachine(world: World, options: { version?: string; running?: boolean } = {}): Promise<string> {
  const network = await world.network("net2");
  const machine = await world.machine(network, "iso-vm", { startvm: "false", rootdisksize: "20" });
  if (options.version !== undefined) await world.job("attachIso", { id: await isoOf(world, options.version), virtualmachineid: machine });
  if (options.running === true) await world.job("startVirtualMachine", { id: machine });
  return machine;
}

async function firewallRule(world: World): Promise<{ address: string; rule: string }> {
  const { address } = await addressed(world);
  const rule = await world.made("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: "6443", endport: "6443", cidrlist: "0.0.0.0/0" });
  return { address, rule };
}

async function balancer(world: World, more: Params = {}): Promise<{ network: string; address: string; rule: string }> {
  const { network, address } = await addressed(world, "dn");
  const rule = await world.made("createLoadBalancerRule", { name: "api-lb", algorithm: "roundrobin", publicipid: address, publicport: "6443", privateport: "6443", openfirewall: "false", ...more });
  return { network, address, rule };
}

async function balanced(world: World): Promise<{ network: string; address: string; rule: string; machine: string }> {
  const made = await balancer(world);
  const { machine } = await control(world, {}, made.network);
  await world.job("assignToLoadBalancerRule", { id: made.rule, virtualmachineids: machine });
  return { ...made, machine };
}

async function forward(world: World): Promise<{ address: string; rule: string; machine: string; network: string }> {
  const { network, address } = await addressed(world);
  const { machine } = await control(world, {}, network);
  const rule = await world.made("createPortForwardingRule", { ipaddressid: address, protocol: "tcp", publicport: "2222", privateport: "22", virtualmachineid: machine, openfirewall: "false" });
  return { network, address, machine, rule };
}

async function ranged(world: World): Promise<{ rule: string; other: string }> {
  const { network, address } = await addressed(world, "dn");
  const machine = await world.machine(network, "s-1");
  const other = await world.machine(network, "s-2");
  const rule = await world.made("createPortForwardingRule", { ipaddressid: address, protocol: "tcp", publicport: "9000", publicendport: "9002", privateport: "9000", privateendport: "9002", virtualmachineid: machine, openfirewall: "false" });
  return { rule, other };
}

async function external(world: World, name = "ext2", description = "e"): Promise<{ cluster: string; network: string }> {
  const network = await implemented(world, name === "ext" ? "k8s-net" : "dn");
  const { zone } = await world.basics();
  return { network, cluster: await world.made("createKubernetesCluster", { name, description, zoneid: zone, clustertype: "ExternalManaged", networkid: network }) };
}

async function joined(world: World): Promise<{ cluster: string; first: string; second: string }> {
  const { cluster, network } = await external(world);
  const first = await world.machine(network, "s-1");
  const second = await world.machine(network, "s-2");
  await world.call("addVirtualMachinesToKubernetesCluster", { id: cluster, virtualmachineids: first, iscontrolnode: "true" });
  await world.call("addVirtualMachinesToKubernetesCluster", { id: cluster, virtualmachineids: second });
  return { cluster, first, second };
}

async function tagged(world: World): Promise<string> {
  const { machine } = await control(world);
  await world.job("createTags", { resourcetype: "UserVm", resourceids: machine, "tags[0].key": "ablestack-cluster", "tags[0].value": "prod" });
  return machine;
}

async function destroyed(world: World): Promise<{ network: string; machine: string }> {
  const made = await plain(world, "s-2");
  await world.job("destroyVirtualMachine", { id: made.machine });
  return made;
}

async function deploying(world: World, networkName: string, more: Params = {}): Promise<Stage> {
  const network = networkName === "net2" ? await world.network("net2") : await implemented(world, networkName);
  const { zone, template } = await world.basics();
  return { params: { zoneid: zone, templateid: template, serviceofferingid: await world.offering(), networkids: network, ...more } };
}

async function offered(world: World, name: string): Promise<Stage> {
  const { zone } = await world.basics();
  return { params: { zoneid: zone, networkofferingid: (await world.first("listNetworkOfferings", { name })).id } };
}

const inZone: SetStage = async (world) => ({ params: { zoneid: (await world.basics()).zone } });
const nothing: SetStage = () => Promise.resolve({});
const cks = "DefaultNetworkOfferingforKubernetesService";

/** What a cluster of Mold's own service is asked for with. */
async function served(world: World, name: string, description: string): Promise<Params> {
  return { name, description, zoneid: (await world.basics()).zone, kubernetesversionid: await kubernetesVersion(world), serviceofferingid: await world.offering("k8s-2c-2g"), size: "1", controlnodes: "1" };
}

/** One whose API has never answered. */
async function inError(world: World): Promise<string> {
  const { inner } = await world.job("createKubernetesCluster", await served(world, "cm", "cm"));
  return String(inner.id);
}

/** One that failed before its first machine was made. */
async function atOnceInError(world: World): Promise<string> {
  world.emulator.faults.order({ kind: "serviceFails", command: "createKubernetesCluster" });
  const { inner } = await world.job("createKubernetesCluster", await served(world, "native", "d"));
  return String(inner.id);
}
const sourceNat = "DefaultIsolatedNetworkOfferingWithSourceNatService";

const onAddress = (name = "k8s-net", parameter = "ipaddressid"): SetStage => async (world) => ({ params: { [parameter]: (await addressed(world, name)).address } });
const onMachine = (make: (world: World) => Promise<string>): SetStage => async (world) => ({ params: { id: await make(world) } });

/** The stages, by the name of the recording. */
export const stages: Readonly<Record<string, SetStage>> = {
  addAnnotation: async (world) => ({ params: { entityid: (await external(world, "ext", "ext cluster")).cluster } }),
  listAnnotations: async (world) => {
    const { cluster } = await external(world, "ext", "ext cluster");
    await world.call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: cluster, annotation: "hello" });
    return { params: { entityid: cluster } };
  },
  ...Object.fromEntries(["", "-2", "-3", "-4", "-5"].map((n) => [`addKubernetesSupportedVersion${n}`, inZone])),
  listKubernetesSupportedVersions: async (world) => {
    for (const { id } of await world.list("listKubernetesSupportedVersions")) await world.job("deleteKubernetesSupportedVersion", { id });
    return {};
  },
  listKubernetesSupportedVersions2: async (world) => {
    const { zone } = await world.basics();
    for (const { id } of await world.list("listKubernetesSupportedVersions")) await world.job("deleteKubernetesSupportedVersion", { id });
    for (const version of ["1.34.2", "1.35.4"]) await world.call("addKubernetesSupportedVersion", { semanticversion: version, mincpunumber: "2", minmemory: "2048", url: "http://127.0.0.1/k8s.iso", zoneid: zone });
    return {};
  },

  "addVMs": async (world) => {
    const { cluster, network } = await external(world);
    return { params: { id: cluster, virtualmachineids: await world.machine(network, "s-1") } };
  },
  "addVMs-again": async (world) => {
    const { cluster, second } = await joined(world);
    return { params: { id: cluster, virtualmachineids: second } };
  },
  addVirtualMachinesToKubernetesCluster: async (world) => {
    const { cluster, network } = await external(world);
    return { params: { id: cluster, virtualmachineids: `${await world.machine(network, "s-1")},${await world.machine(network, "s-2")}` } };
  },
  removeVMs: async (world) => {
    const { cluster, second } = await joined(world);
    return { params: { id: cluster, virtualmachineids: second } };
  },
  "removeVMs-again": async (world) => {
    const { cluster, second } = await joined(world);
    await world.call("removeVirtualMachinesFromKubernetesCluster", { id: cluster, virtualmachineids: second });
    return { params: { id: cluster, virtualmachineids: second } };
  },
  "createKC-external": async (world) => ({ params: { networkid: await implemented(world, "dn"), zoneid: (await world.basics()).zone } }),
  "createKC-external-dup": async (world) => ({ params: { networkid: (await external(world)).network, zoneid: (await world.basics()).zone } }),
  "createKubernetesCluster-external": async (world) => ({ params: { networkid: await implemented(world, "k8s-net"), zoneid: (await world.basics()).zone } }),
  "user-createKubernetesCluster-nonet": async (world) => ({ user: "u1", params: { zoneid: (await world.basics()).zone } }),
  "createKubernetesCluster-badversion": async (world) => ({ params: { zoneid: (await world.basics()).zone, serviceofferingid: await world.offering() } }),
  "createKubernetesCluster-size0": async (world) => ({ params: { zoneid: (await world.basics()).zone, serviceofferingid: await world.offering(), kubernetesversionid: await kubernetesVersion(world) } }),
  "createKubernetesCluster-smalloffering": async (world) => ({ params: { zoneid: (await world.basics()).zone, serviceofferingid: await world.offering("Small Instance"), kubernetesversionid: await kubernetesVersion(world) } }),
  "deleteKC-external": onMachine(async (world) => (await external(world)).cluster),
  "deleteKubernetesCluster-external": onMachine(async (world) => (await external(world)).cluster),
  "deleteKC-again": onMachine(async (world) => {
    const { cluster } = await external(world);
    await world.job("deleteKubernetesCluster", { id: cluster });
    return cluster;
  }),
  listKC: onMachine(async (world) => (await joined(world)).cluster),
  listKubernetesClusters: async (world) => {
    const { cluster, network } = await external(world, "ext", "ext cluster");
    const { machine } = await control(world, {}, network);
    const other = await world.machine(network, "prod-worker-1");
    await world.job("createTags", { resourcetype: "UserVm", resourceids: machine, "tags[0].key": "ablestack-cluster", "tags[0].value": "prod" });
    await world.job("stopVirtualMachine", { id: machine });
    await world.job("startVirtualMachine", { id: machine });
    await world.call("addVirtualMachinesToKubernetesCluster", { id: cluster, virtualmachineids: `${machine},${other}` });
    return {};
  },
  "listKubernetesClusters-2": nothing,
  // The recorded server's configuration had its clusters wait for 150 seconds, and nothing ever answered there.
  "createKC-CloudManaged-with-conf": async (world) => ({ params: await served(world, "cm", "cm") }),
  "KC-CloudManaged-delete": onMachine((world) => inError(world)),
  "KC-CloudManaged-destroy-node": async (world) => {
    await inError(world);
    return { params: { id: ((await world.first("listKubernetesClusters")).virtualmachines as { id: string }[])[1]!.id } };
  },
  "KC-CloudManaged-getConfig": onMachine((world) => inError(world)),
  "KC-CloudManaged-scale": onMachine((world) => inError(world)),
  "KC-CloudManaged-list-after": onMachine(async (world) => {
    const cluster = await inError(world);
    await world.job("deleteKubernetesCluster", { id: cluster });
    return cluster;
  }),
  "listKubernetesClusters-3": async (world) => {
    await atOnceInError(world);
    return {};
  },
  delete: onMachine((world) => atOnceInError(world)),
  scale: onMachine((world) => atOnceInError(world)),
  stop: onMachine((world) => atOnceInError(world)),
  "upgrade-skip": async (world) => ({ params: { id: await atOnceInError(world), kubernetesversionid: await kubernetesVersion(world, "1.36.3") } }),
  getKubernetesClusterConfig: onMachine(async (world) => (await external(world, "ext", "ext cluster")).cluster),
  "scaleKC-external": onMachine(async (world) => (await external(world)).cluster),
  "stopKC-external": onMachine(async (world) => (await external(world)).cluster),

  "assignLB-two": async (world) => {
    const { network, rule } = await balancer(world);
    return { params: { id: rule, virtualmachineids: `${await world.machine(network, "s-1")},${await world.machine(network, "s-2")}` } };
  },
  assignToLoadBalancerRule: async (world) => {
    const { network, rule } = await balancer(world);
    return { params: { id: rule, virtualmachineids: await world.machine(network, "s-1") } };
  },
  "assignToLoadBalancerRule-again": async (world) => {
    const { rule, machine } = await balanced(world);
    return { params: { id: rule, virtualmachineids: machine } };
  },
  removeFromLoadBalancerRule: async (world) => {
    const { rule, machine } = await balanced(world);
    return { params: { id: rule, virtualmachineids: machine } };
  },
  removeLB: async (world) => {
    const { rule, machine } = await balanced(world);
    return { params: { id: rule, virtualmachineids: machine } };
  },
  "removeLB-again": async (world) => {
    const { rule, machine } = await balanced(world);
    await world.job("removeFromLoadBalancerRule", { id: rule, virtualmachineids: machine });
    return { params: { id: rule, virtualmachineids: machine } };
  },
  listLoadBalancerRules: async (world) => ({ params: { networkid: (await balanced(world)).network } }),
  listLoadBalancerRuleInstances: async (world) => {
    const { rule, machine } = await balanced(world);
    await world.job("createTags", { resourcetype: "UserVm", resourceids: machine, "tags[0].key": "ablestack-cluster", "tags[0].value": "prod" });
    return { params: { id: rule } };
  },
  createLoadBalancerRule: onAddress("k8s-net", "publicipid"),
  "createLoadBalancerRule-tcp": onAddress("net2", "publicipid"),
  "createLoadBalancerRule-udp": onAddress("k8s-net", "publicipid"),
  "createLoadBalancerRule-badalg": onAddress("k8s-net", "publicipid"),
  "createLoadBalancerRule-dup": async (world) => ({ params: { publicipid: (await balancer(world)).address } }),
  ...Object.fromEntries(["noproto", "tcp", "tcp-proxy", "udp-roundrobin", "udp-source"].map((kind) => [`createLB-${kind}`, onAddress("dn", "publicipid")])),
  updateLoadBalancerRule: onMachine(async (world) => (await balancer(world)).rule),
  "updateLB-noproto": onMachine(async (world) => (await balancer(world)).rule),
  "updateLB-tcp": onMachine(async (world) => (await balancer(world, { name: "tp", protocol: "tcp", publicport: "6444", privateport: "6444" })).rule),
  "updateLoadBalancerRule-2": onMachine(async (world) => (await balancer(world, { name: "web", protocol: "tcp", publicport: "80", privateport: "30080", algorithm: "source", cidrlist: "10.0.0.0/8" })).rule),
  deleteLB: onMachine(async (world) => (await balancer(world)).rule),
  deleteLoadBalancerRule: onMachine(async (world) => (await balancer(world)).rule),
  ...Object.fromEntries(["deleteLB-again", "deleteLoadBalancerRule-again"].map((name) => [name, onMachine(async (world) => {
    const { rule } = await balancer(world);
    await world.job("deleteLoadBalancerRule", { id: rule });
    return rule;
  })])),

  associateIpAddress: async (world) => ({ params: { networkid: await implemented(world, "k8s-net") } }),
  "associateIpAddress-2": async (world) => ({ params: { networkid: await implemented(world, "net2") } }),
  "associateIpAddress-3": async (world) => ({ params: { networkid: await implemented(world, "dn") } }),
  disassociateIpAddress: onMachine(async (world) => (await addressed(world)).address),
  "disassociateIpAddress-again": onMachine(async (world) => {
    const { address } = await addressed(world);
    await world.job("disassociateIpAddress", { id: address });
    return address;
  }),
  listPublicIpAddresses: async (world) => ({ params: { associatednetworkid: (await addressed(world)).network } }),

  attachIso: async (world) => ({ params: { id: await isoOf(world, "1.34.2"), virtualmachineid: await isoMachine(world) } }),
  "attachIso-second": async (world) => ({ params: { id: await isoOf(world, "1.35.4"), virtualmachineid: await isoMachine(world, { version: "1.34.2" }) } }),
  "attachIso-running": async (world) => ({ params: { id: await isoOf(world, "1.35.4"), virtualmachineid: await isoMachine(world, { running: true }) } }),
  detachIso: async (world) => ({ params: { virtualmachineid: await isoMachine(world, { version: "1.34.2", running: true }) } }),
  "detachIso-again": async (world) => ({ params: { virtualmachineid: await isoMachine(world, { running: true }) } }),

  "auth-get": nothing,
  "auth-none": () => Promise.resolve({ raw: "command=listZones&response=json" }),
  "auth-unknown-apikey": () => Promise.resolve({ raw: "command=listZones&response=json&apiKey=nobody&signature=AAAA" }),
  "auth-wrong-signature": () => Promise.resolve({ raw: "command=listZones&response=json&apiKey=admin-key&signature=AAAA" }),
  "auth-v3-expired": (world) => Promise.resolve({ params: { expires: new Date(world.clock.now() - 600_000).toISOString().replace(/\.\d+Z/, "+0000") } }),
  "auth-v3-valid": (world) => Promise.resolve({ params: { expires: new Date(world.clock.now() + 600_000).toISOString().replace(/\.\d+Z/, "+0000") } }),
  "xml-default": () => Promise.resolve({ raw: "command=listZones" }),
  "no-command": () => Promise.resolve({ raw: "response=json" }),
  "unknown-command": nothing,
  "unknown-parameter": () => Promise.resolve({ lenient: true }),
  "missing-parameter": nothing,
  "bad-id": nothing,
  "bad-id2": nothing,
  "job-unknown": nothing,
  "page-without-size": nothing,
  "pagesize-too-big": nothing,
  page: async (world) => {
    await plain(world, "prod-worker-1");
    world.clock.pass(120_000);
    return {};
  },
  "page-beyond": async (world) => {
    await plain(world, "prod-worker-1");
    return {};
  },

  createFirewallRule: onAddress(),
  "createFirewallRule-2": onAddress(),
  ...Object.fromEntries(["badcidr", "badport", "badproto", "icmp", "multi-cidr", "nocidr", "nonadjacent"].map((kind) => [`createFirewallRule-${kind}`, onAddress()])),
  "createFirewallRule-conflict": async (world) => ({ params: { ipaddressid: (await firewallRule(world)).address } }),
  deleteFirewallRule: onMachine(async (world) => (await firewallRule(world)).rule),
  "deleteFirewallRule-again": onMachine(async (world) => {
    const { rule } = await firewallRule(world);
    await world.job("deleteFirewallRule", { id: rule });
    return rule;
  }),
  listFirewallRules: async (world) => {
    const { address } = await firewallRule(world);
    await world.job("createFirewallRule", { ipaddressid: address, protocol: "icmp", icmptype: "-1", icmpcode: "-1" });
    return { params: { ipaddressid: address } };
  },
  createLBStickinessPolicy: async (world) => ({ params: { lbruleid: (await balancer(world)).rule } }),
  listLBStickinessPolicies: async (world) => {
    const { rule } = await balancer(world);
    await world.job("createLBStickinessPolicy", { lbruleid: rule, name: "sticky", methodname: "SourceBased" });
    return { params: { lbruleid: rule } };
  },
  createLBHealthCheckPolicy: async (world) => ({ params: { lbruleid: (await balanced(world)).rule } }),
  listCounters: async () => ({}),
  createVPC: async (world) => ({ params: { zoneid: (await world.basics()).zone, vpcofferingid: (await world.first("listVPCOfferings")).id as string } }),
  listVPCOfferings: async () => ({}),
  createNetworkACLList: async (world) => ({ params: { vpcid: await vpc(world) } }),
  createNetworkACL: async (world) => ({ params: { aclid: await accessList(world) } }),
  listNetworkACLs: async (world) => {
    const aclid = await accessList(world);
    await world.job("createNetworkACL", { aclid, protocol: "tcp", startport: "22", endport: "22", action: "deny", number: "1", traffictype: "ingress", cidrlist: "0.0.0.0/0" });
    return { params: { aclid } };
  },
  createEgressFirewallRule: async (world) => ({ params: { networkid: await implemented(world) } }),
  listEgressFirewallRules: async (world) => {
    const network = await implemented(world);
    await world.job("createEgressFirewallRule", { networkid: network, protocol: "tcp", startport: "443", endport: "443", cidrlist: "10.1.1.0/24" });
    return { params: { networkid: network } };
  },

  createPortForwardingRule: async (world) => {
    const { network, address } = await addressed(world);
    return { params: { ipaddressid: address, virtualmachineid: (await control(world, {}, network)).machine } };
  },
  "createPortForwardingRule-conflict": async (world) => {
    const { address, machine } = await forward(world);
    return { params: { ipaddressid: address, virtualmachineid: machine } };
  },
  "createPortForwardingRule-range": async (world) => {
    const { network, address } = await addressed(world, "dn");
    return { params: { ipaddressid: address, virtualmachineid: await world.machine(network, "s-1") } };
  },
  "createPF-range": async (world) => {
    const { network, address } = await addressed(world);
    return { params: { ipaddressid: address, virtualmachineid: (await control(world, {}, network)).machine } };
  },
  "lb-on-pf-port": async (world) => {
    const { network, address } = await balancer(world, { publicport: "80", privateport: "30080" });
    return { params: { ipaddressid: address, virtualmachineid: (await control(world, {}, network)).machine } };
  },
  listPortForwardingRules: async (world) => ({ params: { ipaddressid: (await forward(world)).address } }),
  updatePortForwardingRule: async (world) => {
    const { rule, other } = await ranged(world);
    return { params: { id: rule, virtualmachineid: other } };
  },
  deletePortForwardingRule: onMachine(async (world) => (await ranged(world)).rule),
  "deletePortForwardingRule-again": onMachine(async (world) => {
    const { rule } = await ranged(world);
    await world.job("deletePortForwardingRule", { id: rule });
    return rule;
  }),

  createNetwork: (world) => offered(world, cks),
  "createNetwork-2": (world) => offered(world, cks),
  "createNetwork-dup": async (world) => {
    await world.network("k8s-net");
    return offered(world, cks);
  },
  "createNetwork-default-sourcenat": (world) => offered(world, sourceNat),
  "user-createNetwork": async (world) => ({ ...(await offered(world, sourceNat)), user: "u1" }),
  "deleteNetwork-inuse": onMachine(async (world) => (await plain(world, "s-1")).network),
  listNetworks: onMachine((world) => world.network("k8s-net")),
  "listNetworkOfferings-cks": nothing,
  listNetworkOfferings: nothing,
  "tags-network": async (world) => ({ params: { resourceids: await world.network("net2") } }),
  "tags-ip": async (world) => ({ params: { resourceids: (await addressed(world, "net2")).address } }),
  "tags-rule": async (world) => ({ params: { resourceids: (await balancer(world)).rule } }),
  createTags: async (world) => ({ params: { resourceids: (await control(world)).machine } }),
  "createTags-dup": async (world) => ({ params: { resourceids: await tagged(world) } }),
  deleteTags: async (world) => {
    const { rule } = await balancer(world);
    await world.job("createTags", { resourcetype: "LoadBalancer", resourceids: rule, "tags[0].key": "env", "tags[0].value": "prod" });
    return { params: { resourceids: rule } };
  },
  listTags: async (world) => {
    await tagged(world);
    return {};
  },

  createSSHKeyPair: nothing,
  createServiceOffering: nothing,
  createServiceOffering2: nothing,
  "createServiceOffering-huge": nothing,
  listServiceOfferings: nothing,
  listTemplates: nothing,
  listZones: nothing,
  listAsyncJobs: nothing,
  listEvents: async (world) => {
    const { cluster } = await external(world, "ext", "ext cluster");
    await world.call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: cluster, annotation: "hello" });
    return {};
  },
  "listEvents-page": async (world) => {
    await external(world, "cm");
    return {};
  },
  "listUsers-noaccount": () => Promise.resolve({ params: { username: "nobody" } }),

  deployVirtualMachine: async (world) => {
    await keyPair(world);
    return deploying(world, "k8s-net");
  },
  "deployVirtualMachine-2": (world) => deploying(world, "net2"),
  "deployVirtualMachine-3": (world) => deploying(world, "dn"),
  "deployVirtualMachine-4": (world) => deploying(world, "dn"),
  "deployVirtualMachine-stopped": (world) => deploying(world, "k8s-net"),
  "deployVirtualMachine-dupname": async (world) => {
    const { network } = await control(world);
    const { zone, template } = await world.basics();
    return { params: { zoneid: zone, templateid: template, serviceofferingid: await world.offering(), networkids: network } };
  },
  "deployVM-no-capacity": async (world) => {
    const { inner } = await world.call("createServiceOffering", { name: "huge", displaytext: "huge", cpunumber: "4000", cpuspeed: "100000", memory: "900000000" });
    return deploying(world, "dn", { serviceofferingid: inner.serviceoffering.id as string });
  },
  "listVM-after-no-capacity": async (world) => {
    const { inner } = await world.call("createServiceOffering", { name: "huge", displaytext: "huge", cpunumber: "4000", cpuspeed: "100000", memory: "900000000" });
    const { params } = await deploying(world, "dn", { serviceofferingid: inner.serviceoffering.id as string });
    await world.job("deployVirtualMachine", { ...params, name: "nocap" });
    return {};
  },
  "userdata-big": (world) => deploying(world, "net2"),
  "user-limit": async (world) => {
    const network = await world.network("un", "u1");
    const { zone, template } = await world.basics();
    return { user: "u1", params: { zoneid: zone, templateid: template, serviceofferingid: await world.offering(), networkids: network } };
  },
  "user-admin-api": () => Promise.resolve({ user: "u1" }),
  "user-list-others": async (world) => ({ user: "u1", params: { id: (await plain(world, "s-1")).machine } }),
  "user-other-vm": async (world) => ({ user: "u1", params: { id: (await plain(world, "s-1")).machine } }),

  startVirtualMachine: onMachine(async (world) => {
    const network = await implemented(world);
    return world.machine(network, "prod-worker-1", { startvm: "false" });
  }),
  "startVirtualMachine-2": onMachine((world) => isoMachine(world, { version: "1.34.2" })),
  startVirtualMachine2: onMachine(stopped),
  "startVM-destroyed": onMachine(async (world) => (await destroyed(world)).machine),
  stopVirtualMachine: onMachine(tagged),
  "stopVirtualMachine-again": onMachine(stopped),
  rebootVirtualMachine: onMachine(async (world) => {
    const machine = await stopped(world);
    await world.job("startVirtualMachine", { id: machine });
    return machine;
  }),
  scaleVirtualMachine: async (world) => ({ params: { id: await stopped(world), serviceofferingid: await world.offering("k8s-4c-8g") } }),
  "scaleVirtualMachine-running": async (world) => ({ params: { id: (await control(world)).machine, serviceofferingid: await world.offering("k8s-4c-8g") } }),
  changeServiceForVirtualMachine: async (world) => ({ params: { id: await stopped(world), serviceofferingid: await world.offering("k8s-2c-2g") } }),
  destroyVirtualMachine: onMachine(async (world) => (await control(world)).machine),
  "destroyVirtualMachine-again": onMachine(async (world) => {
    const { machine } = await control(world);
    await world.job("destroyVirtualMachine", { id: machine, expunge: "true" });
    return machine;
  }),
  "destroyVM-in-external-cluster": onMachine(async (world) => (await joined(world)).second),
  "destroyVM-noexpunge": onMachine(async (world) => (await destroyed(world)).machine),
  "listVM-destroyed": onMachine(async (world) => (await destroyed(world)).machine),
  recoverVM: onMachine(async (world) => (await destroyed(world)).machine),
  getVirtualMachineUserData: async (world) => ({ params: { virtualmachineid: (await control(world, { userdata: "I2Nsb3VkLWNvbmZpZwpob3N0bmFtZTogY3AxCg==" })).machine } }),
  "updateVirtualMachine-userdata": onMachine(async (world) => (await control(world)).machine),
  listVirtualMachines: async (world) => {
    const { network } = await control(world);
    await world.machine(network, "prod-worker-1", { startvm: "false" });
    return { params: { networkid: network } };
  },
  "listVirtualMachines-min": onMachine((world) => isoMachine(world, { running: true })),
  "listVirtualMachines-tag": async (world) => {
    await tagged(world);
    return {};
  },
  listVirtualMachinesMetrics: async (world) => {
    const machine = await tagged(world);
    await world.job("stopVirtualMachine", { id: machine });
    await world.job("startVirtualMachine", { id: machine });
    return { params: { ids: machine } };
  },
  listVolumes: async (world) => ({ params: { virtualmachineid: await isoMachine(world, { running: true }) } }),
};

/** Recordings that are not replayed, and why. */
export const left: Readonly<Record<string, string>> = {
  createAccount: "createAccount is not in the recorded catalogue; accounts are given at the start",
  "registerUserKeys-async": "registerUserKeys is not in the recorded catalogue; keys are given at the start",
};
