/**
 * Changes in the order in which Mold's own Kubernetes service makes them: everything one machine after another (upstream's
 * KubernetesClusterScaleWorker, -StopWorker, -StartWorker and -UpgradeWorker). FROZEN, as `one-by-one.ts` is: what the core's times are
 * compared with gets neither slower nor quicker. It uses the same clients, so that both wait for jobs alike, and looks whether nodes
 * are Ready every second, where Mold does so every fifteen. It has no lock, no marks, no checks and nothing to continue.
 *
 * Another offering is not here: on KVM Mold refuses that while the machines run.
 */
import type { KubernetesPort, World } from "../../provider/core/ports";
import { encodeUserData, machineUserData } from "../../provider/node/user-data";
import type { ClusterEndpointOutputs, ClusterIdentityOutputs } from "../../schema/generated/types";

const token = "abcdef.0123456789abcdef";
const lookEveryMs = 1000;
const leaving = { annotation: "by", value: "mold" };

export interface MoldCluster {
  readonly world: World;
  readonly kubernetes: KubernetesPort;
  readonly identity: ClusterIdentityOutputs;
  readonly endpoint: ClusterEndpointOutputs;
  /** The node's annotations as an administrator reads them, or sets some. */
  readonly annotations: (node: string, set?: Annotations) => Promise<Annotations>;
}

type Annotations = Readonly<Record<string, string>>;

interface Vm {
  readonly id: string;
  readonly name: string;
}

/** Control planes first, the oldest first. */
async function machinesOf({ world }: MoldCluster): Promise<Vm[]> {
  const machines = await world.mold.list("listVirtualMachines", {});
  const number = (name: string): number => Number(/\d+$/.exec(name)?.[0]);
  return machines.map(({ id, name }) => ({ id: id!, name: name! })).sort((a, b) => (isControlPlane(a) === isControlPlane(b) ? number(a.name) - number(b.name) : isControlPlane(a) ? -1 : 1));
}

const isControlPlane = ({ name }: Vm): boolean => name.includes("-control-");

/** @param but those whose last heartbeat is this one: nothing has been heard of them since */
async function allReady({ kubernetes, world: { clock, signal } }: MoldCluster, names: readonly string[], but?: ReadonlyMap<string, string>): Promise<void> {
  for (;;) {
    const ready = new Set((await kubernetes.nodes().catch(() => [])).flatMap((node) => (node.ready ? node.name : [])));
    const heard = but && (await kubernetes.heartbeats().catch(() => but));
    if (names.every((name) => ready.has(name) && (!heard || heard.get(name) !== but.get(name)))) return;
    await clock.sleep(lookEveryMs, signal);
  }
}

export async function stop(cluster: MoldCluster): Promise<void> {
  for (const { id } of await machinesOf(cluster)) await cluster.world.mold.run("stopVirtualMachine", { id });
}

export async function start(cluster: MoldCluster): Promise<void> {
  const { mold, clock, signal } = cluster.world;
  const machines = await machinesOf(cluster);
  for (const { id } of machines) await mold.run("startVirtualMachine", { id });
  while (!(await cluster.kubernetes.ready())) await clock.sleep(lookEveryMs, signal);
  // What the API shows of a node is from before, until its kubelet has been heard of again.
  await allReady(cluster, machines.map(({ name }) => name), await cluster.kubernetes.heartbeats());
}

export async function scaleUp(cluster: MoldCluster, more: number): Promise<void> {
  const { world, kubernetes, identity, endpoint } = cluster;
  const { mold, clock } = world;
  const [offering] = await mold.list("listServiceOfferings", { name: "k8s-2c-4g" });
  const [template] = await mold.list("listTemplates", { name: "debian-13-containerd", templatefilter: "executable" });
  const version = (await mold.list("listKubernetesSupportedVersions", {})).find(({ semanticversion }) => semanticversion === "1.35.4")!;
  await kubernetes.putBootstrapToken(token, new Date(clock.now() + 24 * 3600_000));
  const there = (await machinesOf(cluster)).filter((machine) => !isControlPlane(machine)).length;
  const made: Vm[] = [];
  for (let index = there + 1; index <= there + more; index++) {
    const nodeName = `prod-worker-${index}`;
    const userData = machineUserData({
      nodeName,
      role: "worker",
      action: "join",
      kubernetesVersion: "1.35.4",
      clusterUid: identity.uid,
      endpoint: `${endpoint.publicIpAddress}:6443`,
      token,
      joinTimeoutSeconds: 24 * 3600,
      podCidr: "10.244.0.0/16",
      serviceCidr: "10.96.0.0/12",
      certificates: identity,
    });
    const { id } = await mold.run("deployVirtualMachine", { zoneid: endpoint.zoneId, serviceofferingid: offering!.id!, templateid: template!.id!, networkids: [endpoint.networkId], name: nodeName, userdata: encodeUserData(userData) });
    made.push({ id: id!, name: nodeName });
  }
  for (const { id } of made) await mold.run("attachIso", { id: version.isoid!, virtualmachineid: id });
  await allReady(cluster, made.map(({ name }) => name));
  for (const { id } of made) await mold.run("detachIso", { virtualmachineid: id });
}

export async function scaleDown(cluster: MoldCluster, fewer: number): Promise<void> {
  const { mold } = cluster.world;
  for (const { id, name } of (await machinesOf(cluster)).slice(-fewer).reverse()) {
    await drain(cluster, name);
    await cluster.kubernetes.deleteNode(name);
    await mold.run("destroyVirtualMachine", { id, expunge: true });
  }
}

/** `kubectl drain --ignore-daemonsets`. */
async function drain({ kubernetes, world: { clock, signal } }: MoldCluster, node: string): Promise<void> {
  await kubernetes.cordonNode(node, leaving);
  for (;;) {
    const pods = (await kubernetes.podsOn(node)).filter(({ controller, ended }) => !ended && controller !== "DaemonSet" && controller !== "Node");
    if (pods.length === 0) return;
    for (const pod of pods) await kubernetes.evictPod(pod);
    await clock.sleep(lookEveryMs, signal);
  }
}

/** One call for each version: Mold goes one minor at a time, and somebody calls again. */
export async function upgrade(cluster: MoldCluster, versions: readonly string[]): Promise<void> {
  const { mold } = cluster.world;
  const registered = await mold.list("listKubernetesSupportedVersions", {});
  const machines = await machinesOf(cluster);
  for (const version of versions) {
    const iso = registered.find(({ semanticversion }) => semanticversion === version)!.isoid!;
    for (const { id } of machines) await mold.run("attachIso", { id: iso, virtualmachineid: id });
    for (const [index, { name }] of machines.entries()) {
      await drain(cluster, name);
      await upgradeNode(cluster, name, version, index === 0);
      await cluster.kubernetes.uncordonNode(name, leaving);
      if (index === 0) await allReady(cluster, [name]);
    }
    await allReady(cluster, machines.map(({ name }) => name));
    for (const { id } of machines) await mold.run("detachIso", { virtualmachineid: id });
  }
}

/** Mold runs its script on the node by SSH; here the node's agent does the same, and as fast. */
async function upgradeNode({ annotations, world: { clock, signal } }: MoldCluster, node: string, version: string, isFirst: boolean): Promise<void> {
  await annotations(node, { "ablestack.io/wanted-version": version, ...(isFirst ? { "ablestack.io/upgrade-role": "first" } : {}) });
  while ((await annotations(node))["ablestack.io/agent"] !== `upgraded ${version}`) await clock.sleep(lookEveryMs, signal);
}
