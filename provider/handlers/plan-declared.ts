/**
 * What an `up` of a declaration would do, for whoever has no program and no state at hand: planned against what Mold shows. What only a
 * state knows (keys, what was declared last time) is done without, and what only the cluster knows is taken to be well unless it is asked.
 */
import type { CheckedClusterInputs, CheckedKubernetesClusterInputs, ClusterIdentityOutputs } from "../../schema/generated/types";
import { checkInputs } from "../../schema/check";
import type { Failure } from "../../schema/resource";
import { endpointOf, type ClusterPlace, type DesiredCluster } from "../core/desired";
import { ClusterError } from "../core/errors";
import { clustersCalled, findCluster, foundPlace, type FoundCluster } from "../core/find-cluster";
import { observeCluster, type ObservedCluster } from "../core/observe";
import { addressesOf } from "../core/own-address";
import { ownNetworks } from "../core/own-network";
import { hasJoined } from "../core/ownership";
import { planPermitted } from "../core/plan-permitted";
import { declaresDisks } from "../core/plan-disks";
import type { CallContext, ClusterAccess, KubernetesNode, World } from "../core/ports";
import { planLines } from "../core/preview";
import { needsVersions, runningVersion } from "../core/release";
import { catalogueOf } from "./catalogues";
import { lives } from "./cluster-life";
import { createPlan } from "./create-plan";
import { oneCluster } from "./data-sources/seen-clusters";
import { checkAgainstZone, checkNodesOfNew, desiredCluster } from "./declaration";
import type { Session } from "./handler";

export interface DeclaredPlan {
  readonly name: string;
  /** Undefined: it is not there yet. */
  readonly cluster?: FoundCluster;
  /** A line each, in the words of a run that does it. Empty: it is as declared. */
  readonly plan: readonly string[];
  /** Why it can't be done, by property. */
  readonly problems: readonly Failure[];
  readonly warnings: readonly string[];
  /** What was taken to be so, since nobody was asked. */
  readonly assumed?: string;
}

export interface PlanDeclaredOptions {
  /** Whose, where several have a cluster of that name. */
  readonly owner?: string;
  /** To ask the cluster itself for its nodes. */
  readonly access?: ClusterAccess;
}

/** @throws MoldError, KubernetesError or ClusterError: why it could not be found out */
export async function planDeclared(session: Session, declaration: unknown, { owner, access }: PlanDeclaredOptions = {}): Promise<DeclaredPlan> {
  const { inputs, failures, warnings } = checkInputs("KubernetesCluster", declaration);
  const { name } = inputs;
  if (failures.length > 0) return { name: name ?? "", plan: [], problems: failures, warnings };
  const world = session.world(inputs.connection, { owner: "", resource: name });
  const cluster = await declaredCluster(world, name, owner);
  const missing = [...(await checkAgainstZone(catalogueOf(world), inputs, () => true)), ...(cluster ? [] : [...checkNodesOfNew[inputs.management](inputs), ...powerOfNew(inputs)])];
  const answer = { name, ...(cluster ? { cluster } : {}), warnings };
  if (missing.length > 0) return { ...answer, plan: [], problems: missing };
  if (!cluster) return { ...answer, plan: createPlan(inputs), problems: [] };
  return { ...answer, ...(inputs.management === "mold" ? await planMolds(session, world, inputs, cluster) : await planChange(world, inputs, cluster, access)) };
}

/** Of a cluster that Mold runs: Mold hands out its kubeconfig, so that its nodes are asked themselves. */
async function planMolds(session: Session, world: World, inputs: CheckedKubernetesClusterInputs, { uid, name, owner }: FoundCluster): Promise<Changed> {
  const place = await placeNow(world, { uid, name }, { resource: `KubernetesCluster ${name}`, signal: world.signal });
  const made = { identity: { uid } as ClusterIdentityOutputs, endpoint: { ...place, networkName: "", zoneName: "", endpoint: endpointOf(place) }, declaredBy: { owner: owner ?? "", resource: name } };
  const { lines, problems } = await lives.mold(session, { ...inputs, ...made }, undefined, "looking").plan();
  return { plan: lines, problems };
}

const powerOfNew = ({ powerState }: CheckedKubernetesClusterInputs): Failure[] =>
  powerState === "stopped" ? [{ property: "powerState", reason: 'is "stopped" for a cluster that is not there yet. Leave it out, and stop the cluster once it is there' }] : [];

async function declaredCluster(world: World, name: string, owner: string | undefined): Promise<FoundCluster | undefined> {
  const called = (await clustersCalled(world, name)).filter((each) => each.name === name);
  if (called.length === 0) return undefined;
  return findCluster(world, name, owner);
}

type Changed = Pick<DeclaredPlan, "plan" | "problems" | "assumed">;

async function planChange(world: World, inputs: CheckedKubernetesClusterInputs, cluster: FoundCluster, access: ClusterAccess | undefined): Promise<Changed> {
  const { uid, name } = cluster;
  const context = { resource: `KubernetesCluster ${name}`, signal: world.signal };
  const place = await placeNow(world, cluster, context);
  if (access && access.endpoint !== endpointOf(place)) {
    throw new ClusterError(`the kubeconfig leads to ${access.endpoint}, and the API of this cluster is at ${endpointOf(place)}. Give the kubeconfig of this cluster.`, context);
  }
  const recorded = (await oneCluster(world, { cluster: uid })).summary.kubernetesVersion;
  const kubernetes = access && world.kubernetes(access);
  const declared = desiredCluster({ ...inputs, identity: { uid } as ClusterIdentityOutputs, endpoint: { ...place, networkName: "", zoneName: "", endpoint: endpointOf(place) } } satisfies CheckedClusterInputs, recorded);
  const seen = await observeCluster(world, { name, uid, place, withAffinity: declared.affinity !== "none", withDisks: declaresDisks(declared), ...(kubernetes ? { kubernetes } : {}) });
  const version = runningVersion(name, seen.nodes) ?? recorded;
  if (version === undefined) throw new ClusterError("which Kubernetes version it runs is on no record of Mold's: give its kubeconfig, and it is asked itself.", context);
  const observed = access ? seen : { ...seen, nodes: nodesTakenToBeWell(seen, version) };
  const desired: DesiredCluster = { ...declared, version: version.startsWith(`${inputs.version}.`) ? version : inputs.version };
  const versions = needsVersions({ desired, observed }) ? await catalogueOf(world).versions(place.zoneId) : undefined;
  // What was declared last time is in a state alone: counts and tags are compared with what is there.
  const { steps, problems, ...told } = await planPermitted(catalogueOf(world), { desired, observed, owner: cluster.owner ?? "", former: { ...desired, version }, versions });
  return {
    plan: planLines({ steps, ...told }),
    problems,
    ...(access ? {} : { assumed: `the cluster itself was not asked: every node is taken to be Ready, at ${version}` }),
  };
}

async function placeNow(world: World, { uid, name }: Pick<FoundCluster, "uid" | "name">, context: CallContext): Promise<ClusterPlace> {
  const [[network], [address]] = await Promise.all([
    ownNetworks({ world, name, uid, context }),
    addressesOf(world, uid, context),
  ]);
  if (!address) throw new ClusterError("its public address is gone from Mold. Destroy the cluster and create it anew.", context);
  const place = foundPlace(network, address);
  if (network) return place;
  const [shared] = await world.mold.list("listNetworks", { id: place.networkId }, context);
  return { ...place, networkCidr: shared?.cidr ?? "" };
}

/** Of a cluster that nobody asked, whose API is up as far as Mold can tell. */
function nodesTakenToBeWell({ machines }: ObservedCluster, version: string): KubernetesNode[] | undefined {
  if (!machines.some(({ role, state }) => role === "control-plane" && state === "Running")) return undefined;
  return machines.filter(hasJoined).map(({ name, cpus, memoryMb, state }) => ({
    name,
    ready: state === "Running",
    version,
    labels: {},
    annotations: {},
    unschedulable: false,
    pressures: [],
    runtime: "",
    allocatable: { cpu: cpus, memory: memoryMb * 2 ** 20 },
  }));
}
