/** From a checked declaration to what the core works with, and back to outputs. Pure but for the look-ups in the catalogue. */
import type { CheckedClusterInputs, CheckedKubernetesClusterInputs, ClusterEndpointOutputs, ClusterOutputs } from "../../schema/generated/types";
import type { Management } from "../../schema/property";
import { offeringProblem, rootDiskProblem, type Catalogue } from "../core/catalogue";
import type { ClusterPlace, DesiredCluster } from "../core/desired";
import { endpointOf, nodeProperty } from "../core/desired";
import { ClusterError } from "../core/errors";
import { nearestNames } from "../core/nearest-names";
import type { ObservedCluster } from "../core/observe";
import { machineName, parseMachineName, type Role } from "../core/ownership";
import { nodesAway } from "../core/plan-repair";
import { runningVersion } from "../core/release";
import { hasUnknown, isUnknown, type CheckFailure } from "./handler";

export const placeOf = (endpoint: ClusterEndpointOutputs): ClusterPlace => ({
  zoneId: endpoint.zoneId,
  networkId: endpoint.networkId,
  networkOwned: endpoint.networkOwned,
  networkCidr: endpoint.networkCidr,
  publicIpAddressId: endpoint.publicIpAddressId,
  publicIpAddress: endpoint.publicIpAddress,
});

/**
 * `recorded`: the exact version that the cluster has. A minor is satisfied by it, however many patches were registered since.
 * `cloudConfig`: what add-ons ask Mold with, where somebody has looked.
 */
export function desiredCluster(inputs: CheckedClusterInputs, recorded?: string, cloudConfig?: string): DesiredCluster {
  const { identity, endpoint } = inputs;
  return {
    name: inputs.name,
    uid: identity.uid,
    description: inputs.description,
    identity,
    place: placeOf(endpoint),
    version: recorded?.startsWith(`${inputs.version}.`) ? recorded : inputs.version,
    template: inputs.template ?? "",
    controlPlane: inputs.controlPlane,
    workers: inputs.workers,
    nodes: nodesOf(inputs),
    affinity: inputs.affinity,
    apiCidrs: [...inputs.apiAccess.cidrList].sort(),
    podCidr: inputs.podCidr,
    serviceCidr: inputs.serviceCidr,
    sshKeyPair: inputs.sshKeyPair,
    privateRegistry: inputs.privateRegistry,
    comments: inputs.comments ?? [],
    tags: inputs.tags ?? {},
    addons: addonsOf(inputs, cloudConfig),
    powerState: inputs.powerState,
    upgrade: {
      maxUnavailable: inputs.upgrade?.maxUnavailable ?? 1,
      maxSurge: inputs.upgrade?.maxSurge ?? 0,
      drainSeconds: inputs.upgrade?.drainTimeout ?? longestDrainSeconds,
      strategy: inputs.upgrade?.strategy ?? "in-place",
    },
    timeouts: {
      createSeconds: inputs.timeouts.create,
      updateSeconds: inputs.timeouts.update,
      deleteSeconds: inputs.timeouts.delete,
      upgradeSeconds: inputs.timeouts.upgrade,
      scaleSeconds: inputs.timeouts.scale,
      drainSeconds: Math.min(longestDrainSeconds, inputs.timeouts.scale),
    },
  };
}

/** A state may have been written before there were any. */
const addonsOf = ({ addons }: Partial<CheckedClusterInputs>, cloudConfig: string | undefined): DesiredCluster["addons"] => ({
  cloudController: addons?.cloudController ?? false,
  csi: addons?.csi ?? false,
  credentials: addons?.credentials,
  cloudConfig,
});

export const nodesOf = ({ nodes = {} }: CheckedClusterInputs): DesiredCluster["nodes"] =>
  Object.fromEntries(Object.entries(nodes).map(([name, { offering, reboot, replace, delete: isGone = false }]) => [name, { offering, reboot, replace, delete: isGone }]));

/** For the pods of one node; what a disruption budget holds longer than this needs a person. */
export const longestDrainSeconds = 600;

/** What is known before there is a machine, whoever runs it. */
export const placeOutputs = ({ name, description, identity, endpoint }: CheckedClusterInputs, generation: string): Pick<ClusterOutputs, "uid" | "name" | "description" | "clusterId" | "endpoint" | "networkId" | "networkName" | "publicIpAddressId" | "publicIpAddress" | "zoneId" | "zoneName"> => ({
  uid: identity.uid,
  name,
  description,
  clusterId: `${identity.uid}/${generation}`,
  endpoint: endpointOf(placeOf(endpoint)),
  networkId: endpoint.networkId,
  networkName: endpoint.networkName,
  publicIpAddressId: endpoint.publicIpAddressId,
  publicIpAddress: endpoint.publicIpAddress,
  zoneId: endpoint.zoneId,
  zoneName: endpoint.zoneName,
});

export function clusterOutputs(inputs: CheckedClusterInputs, observed: ObservedCluster, generation: string, former?: ClusterOutputs): ClusterOutputs {
  const { identity } = inputs;
  const nodes = new Map(observed.nodes?.map((node) => [node.name, node]));
  const formerNodes = new Map(former?.nodes.map((node) => [node.name, node]));
  const version = runningVersion(inputs.name, observed.nodes) ?? former?.kubernetesVersion ?? inputs.version;
  return {
    ...placeOutputs(inputs, generation),
    kubernetesVersion: version,
    caCertificate: identity.caCertificate,
    state: stateOf(inputs, observed),
    size: observed.machines.filter(({ role }) => role === "worker").length,
    controlPlaneCount: observed.machines.filter(({ role }) => role === "control-plane").length,
    cpuCores: sum(observed.machines.map(({ cpus }) => cpus)),
    memoryMb: sum(observed.machines.map(({ memoryMb }) => memoryMb)),
    account: observed.account,
    domain: observed.domain,
    clusterType: "ExternalManaged",
    moldId: observed.records === undefined ? former?.moldId : observed.records.at(-1)?.id,
    created: former?.created || firstCreated(observed),
    autoscalingEnabled: false,
    nodes: [...observed.machines]
      .sort((a, b) => (a.role === b.role ? a.index - b.index : a.role === "control-plane" ? -1 : 1))
      .map(({ name, role, id, state, ipAddress, offeringName }) => ({
        name,
        role,
        machineId: id,
        state,
        ipAddress: ipAddress ?? "",
        offering: offeringName,
        version: nodes.get(name)?.version ?? formerNodes.get(name)?.version ?? version,
      })),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function firstCreated(observed: ObservedCluster): string {
  const times = observed.machines.map(({ created }) => created).filter((time) => time > 0);
  return times.length > 0 ? new Date(Math.min(...times)).toISOString() : "";
}

/** As Mold's pages word it. */
function stateOf(inputs: CheckedClusterInputs, observed: ObservedCluster): string {
  const wanted = inputs.controlPlane.count + inputs.workers.count;
  const running = observed.machines.filter(({ state }) => state === "Running").length;
  if (running >= wanted && nodesAway({ observed }).size === 0) return "Running";
  return running === 0 ? "Stopped" : "Alert";
}

/**
 * What only the zone can tell: unknown names, versions, offerings that are too small. `changed` are the properties to look at:
 * what was found good before is not asked for again.
 */
export async function checkAgainstZone(catalogue: Catalogue, inputs: CheckedKubernetesClusterInputs, changed: (property: string) => boolean): Promise<CheckFailure[]> {
  const failures: CheckFailure[] = [];
  const attempt = async <T>(property: string, look: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      failures.push({ property: error.details.property ?? property, reason: error.message });
      return undefined;
    }
  };
  const placeable = changed("zone") || changed("version") || changed("template") || changed("network") || changed("networkOffering") || changed("controlPlane") || changed("workers") || changed("nodes");
  if ((!placeable && !changed("sshKeyPair")) || isUnknown(inputs.zone)) return failures;
  const zone = await attempt("zone", () => catalogue.zone(inputs.zone));
  if (!zone) return failures;
  const known = <T>(value: T): value is NonNullable<T> => value !== undefined && !hasUnknown(value);

  const [version, template] = await Promise.all([
    known(inputs.version) && placeable ? attempt("version", () => catalogue.version(inputs.version, zone.id)) : undefined,
    known(inputs.template) && changed("template") ? attempt("template", () => catalogue.template(inputs.template!, zone.id)) : undefined,
    known(inputs.network) && changed("network") ? attempt("network", () => catalogue.network(inputs.network!, zone.id)) : undefined,
    inputs.network === undefined && known(inputs.networkOffering) && changed("networkOffering")
      ? attempt("networkOffering", () => catalogue.networkOffering(inputs.networkOffering))
      : undefined,
    known(inputs.sshKeyPair) && changed("sshKeyPair") ? attempt("sshKeyPair", () => catalogue.sshKeyPair(inputs.sshKeyPair!)) : undefined,
    inputs.management === "mold" && inputs.privateRegistry !== undefined && changed("privateRegistry") ? attempt("privateRegistry", () => catalogue.privateRegistry()) : undefined,
  ]);
  const judge = async (property: string, wanted: string, rootDisk?: { readonly property: string; readonly gb: number }): Promise<void> => {
    const offering = await attempt(property, () => catalogue.offering(wanted, property));
    const problem = offering && version && offeringProblem(offering, version);
    if (problem) failures.push({ property, reason: problem });
    const diskProblem = rootDisk && rootDiskProblem(rootDisk.gb, { offering, template });
    if (rootDisk && diskProblem) failures.push({ property: rootDisk.property, reason: diskProblem });
  };
  for (const role of ["controlPlane", "workers"] as const) {
    if (isUnknown(inputs[role]) || !known(inputs[role].offering) || !(changed(role) || changed("version"))) continue;
    const { offering, rootDiskGb } = inputs[role];
    await judge(`${role}.offering`, offering, known(rootDiskGb) ? { property: `${role}.rootDiskGb`, gb: rootDiskGb } : undefined);
  }
  for (const [name, entry] of Object.entries(known(inputs.nodes) && (changed("nodes") || changed("version")) ? inputs.nodes : {})) {
    const property = nodeProperty(name, "offering");
    const gb = parseMachineName(inputs.name, name)?.role === "control-plane" ? inputs.controlPlane.rootDiskGb : inputs.workers.rootDiskGb;
    if (entry.offering !== undefined) await judge(property, entry.offering, known(gb) ? { property, gb } : undefined);
  }
  return failures;
}

/** What is declared of single nodes of a cluster that is not there yet, by who is to run it. */
export const checkNodesOfNew: Readonly<Record<Management, (inputs: CheckedKubernetesClusterInputs) => CheckFailure[]>> = {
  core: namedByCounts,
  mold: ({ nodes, adopt }) =>
    nodes === undefined || adopt || hasUnknown(nodes)
      ? []
      : Object.keys(nodes).map((node) => ({ property: nodeProperty(node), reason: "there is no such node yet, and Mold names the machines of its clusters itself. Leave it out, and name nodes by the output `nodes` once the cluster is there" })),
};

/** Which there will be is known by the counts. */
function namedByCounts({ name, nodes, controlPlane, workers, adopt }: CheckedKubernetesClusterInputs): CheckFailure[] {
  if (nodes === undefined || adopt || [name, nodes, controlPlane, workers].some(hasUnknown)) return [];
  const namesOf = (role: Role, count: number): string[] => Array.from({ length: count }, (_, at) => machineName(name, role, at + 1));
  const names = [...namesOf("control-plane", controlPlane.count), ...namesOf("worker", workers.count)];
  return Object.entries(nodes).flatMap(([node, { delete: isGone }]) => {
    if (!names.includes(node)) return [{ property: nodeProperty(node), reason: `there will be no node ${node}. Nearest: ${nearestNames(node, names).join(", ")}` }];
    return isGone ? [{ property: nodeProperty(node, "delete"), reason: "there is no such node yet. Leave it out" }] : [];
  });
}
