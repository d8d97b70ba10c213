/** The life of a cluster that Mold's own Kubernetes service runs. */
import type { CheckedClusterInputs, ClusterOutputs } from "../../schema/generated/types";
import { deleteManaged } from "../core/managed/delete";
import type { DesiredManaged } from "../core/managed/desired";
import { workersOf, type ObservedManaged, type ReadKubeconfig } from "../core/managed/observe";
import { ManagedRun } from "../core/managed/run";
import { timeOf } from "../core/observe";
import { tagKeys } from "../core/ownership";
import { planLines } from "../core/preview";
import { sharedLists } from "../core/shared-lists";
import { catalogueOf } from "./catalogues";
import type { MakeLife } from "./cluster-life";
import { longestDrainSeconds, nodesOf, placeOf, placeOutputs } from "./declaration";

export function desiredManaged(inputs: CheckedClusterInputs, recorded?: string): DesiredManaged {
  const { workers, controlPlane, timeouts } = inputs;
  return {
    name: inputs.name,
    uid: inputs.identity.uid,
    description: inputs.description,
    place: placeOf(inputs.endpoint),
    version: recorded?.startsWith(`${inputs.version}.`) ? recorded : inputs.version,
    controlPlane,
    workers,
    autoscaling: workers.autoscaling,
    rootDiskGb: workers.rootDiskGb,
    nodes: nodesOf(inputs),
    sshKeyPair: inputs.sshKeyPair,
    privateRegistry: inputs.privateRegistry,
    externalLoadBalancerIp: inputs.externalLoadBalancerIp,
    csi: inputs.addons.csi,
    comments: inputs.comments ?? [],
    externalNodes: inputs.externalNodes ?? [],
    tags: inputs.tags ?? {},
    powerState: inputs.powerState,
    failedCreate: inputs.failedCreate === "remove" ? "remove" : "continue",
    timeouts: {
      createSeconds: timeouts.create,
      updateSeconds: timeouts.update,
      deleteSeconds: timeouts.delete,
      upgradeSeconds: timeouts.upgrade,
      scaleSeconds: timeouts.scale,
      drainSeconds: Math.min(longestDrainSeconds, timeouts.scale),
    },
  };
}

function managedOutputs(inputs: CheckedClusterInputs, observed: ObservedManaged, generation: string, former?: ClusterOutputs): ClusterOutputs {
  const { identity } = inputs;
  const { cluster } = observed;
  const versions = new Map(observed.nodes?.map(({ name, version }) => [name, version]));
  const formerVersions = new Map(former?.nodes.map(({ name, version }) => [name, version]));
  const version = cluster?.version || former?.kubernetesVersion || inputs.version;
  const sum = (of: "cpus" | "memoryMb"): number => observed.machines.reduce((total, machine) => total + machine[of], 0);
  return {
    ...placeOutputs(inputs, generation),
    kubernetesVersion: version,
    caCertificate: observed.access?.caCertificate ?? former?.caCertificate ?? identity.caCertificate,
    state: cluster?.state ?? "Unknown",
    size: workersOf(observed).length,
    controlPlaneCount: observed.machines.filter(({ role }) => role === "control-plane").length,
    cpuCores: sum("cpus"),
    memoryMb: sum("memoryMb"),
    account: cluster?.account ?? former?.account ?? "",
    domain: cluster?.domain ?? former?.domain ?? "",
    clusterType: "CloudManaged",
    moldId: cluster?.id ?? former?.moldId,
    created: former?.created || isoTime(cluster?.created ?? ""),
    autoscalingEnabled: cluster?.autoscaling !== undefined,
    nodes: observed.machines.map(({ name, role, id, state, ipAddress, offeringName }) => ({
      name,
      role,
      machineId: id,
      state,
      ipAddress: ipAddress ?? "",
      offering: offeringName,
      version: versions.get(name.toLowerCase()) ?? formerVersions.get(name) ?? version,
    })),
  };
}

function isoTime(text: string): string {
  const time = timeOf(text);
  return time === undefined ? "" : new Date(time).toISOString();
}

/** What reads YAML is loaded with the first that Mold hands out. */
const readKubeconfig: ReadKubeconfig = async (text) => (await import("../kubernetes/read-kubeconfig.js")).parseMoldsKubeconfig(text);

export const moldLife: MakeLife = (session, inputs, former, looking) => {
  const world = session.world(inputs.connection, inputs.declaredBy);
  const seen = looking ? { ...world, mold: sharedLists(world) } : world;
  const setting = { world: seen, catalogue: catalogueOf(world), readKubeconfig };
  const desired = desiredManaged(inputs, former?.outputs.kubernetesVersion);
  const run = new ManagedRun(setting, desired, former && desiredManaged(former.inputs), inputs.adopt);
  return {
    async plan() {
      const plan = await run.plan({ birth: false });
      return { isDone: plan.steps.length === 0, lines: planLines(plan), problems: plan.problems };
    },
    async apply({ birth }) {
      const { observed, generation } = await run.apply({ birth });
      const outputs = managedOutputs(inputs, observed, generation, former?.outputs);
      return { id: outputs.clusterId, outputs };
    },
    async read(generation) {
      const observed = await run.observe({ withNodes: generation !== undefined });
      const life = generation ?? observed.marks?.[tagKeys.generation];
      if (!observed.marks || life === undefined || (generation !== undefined && !observed.cluster)) return undefined;
      const outputs = managedOutputs(inputs, observed, life, former?.outputs);
      return { id: outputs.clusterId, outputs };
    },
    delete: (generation) => deleteManaged(setting, desired, { generation }),
  };
};
