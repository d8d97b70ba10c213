/** What a disc has beyond Kubernetes and its network: a control plane's agent installs and removes it as its Node says. */
import type { Cluster } from "./cluster";
import type { Kubelets } from "./kubelets";
import { kinds, type Resource } from "./kubernetes-api/resources";
import type { JsonObject, ObjectStore } from "./kubernetes-api/objects";
import type { Machine } from "./machine";
import type { NodeDisk } from "./node-disk";
import { ADDONS, AGENT, ON_DISC, WANTED_ADDONS } from "./node-protocol";
import { annotate, ownNode } from "./own-node";
import type { Site } from "./site";
import { minorOf } from "./violations";

interface Addon {
  readonly manifest: string;
  /** The first minor of Kubernetes whose disc has it, of those that the embedded Mold has registered: older ones were built before CloudStack 4.22. */
  readonly since: number;
  readonly objects: readonly (readonly [Resource, JsonObject & { metadata: { name: string } }])[];
}

/** As the real ones mount it. */
const secretVolume = { name: "cloudstack-config", secret: { secretName: "cloudstack-secret" } };

function workload(name: string, image: string): JsonObject & { metadata: { name: string } } {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { serviceAccountName: name, containers: [{ name, image }], volumes: [secretVolume], tolerations: [{ operator: "Exists" }] } };
  return { metadata: { name, namespace: "kube-system", labels } as JsonObject & { name: string }, spec: { selector: { matchLabels: labels }, template }, status: {} };
}
const deployment = (name: string, image: string): Addon["objects"][number] => {
  const made = workload(name, image);
  return [kinds.deployment, { ...made, spec: { ...(made.spec as JsonObject), replicas: 1 } }];
};

const driver = "ghcr.io/shapeblue/cloudstack-csi-driver:0.6.1";
const addons: Readonly<Record<string, Addon>> = {
  "cloud-controller": { manifest: "provider.yaml", since: 0, objects: [deployment("cloud-controller-manager", "apache/cloudstack-kubernetes-provider:v1.1.0")] },
  csi: { manifest: "manifest.yaml", since: 35, objects: [deployment("cloudstack-csi-controller", driver), [kinds.daemonSet, workload("cloudstack-csi-node", driver)]] },
};

const NAMESPACE = "kube-system";

function install(store: ObjectStore, { objects }: Addon): void {
  for (const [resource, object] of objects) if (!store.get(resource, NAMESPACE, object.metadata.name)) store.add(resource, structuredClone(object));
}

function remove(store: ObjectStore, { objects }: Addon): void {
  for (const [resource, { metadata }] of objects) store.remove(resource, NAMESPACE, metadata.name);
}

const onDisc = (version: string): string[] => Object.keys(addons).filter((name) => minorOf(version) >= addons[name]!.since);

export class NodeAddons {
  constructor(
    private readonly site: Site,
    private readonly kubelets: Kubelets,
  ) {}

  /** Told when something has changed: the order, the version. */
  consider(machine: Machine): void {
    const own = ownNode(this.site, machine);
    if (own?.disk.role !== "control-plane") return;
    const { cluster, disk, annotations } = own;
    const has = onDisc(disk.version);
    const offer = has.length > 0 ? has.join(" ") : "none";
    const order = annotations[WANTED_ADDONS] ?? "";
    const answer = annotations[ADDONS] ?? "";
    const isOpen = order.split(" ")[0] === disk.version && answer !== order && !answer.startsWith(`${order} refused: `);
    if ((annotations[ON_DISC] === offer && !isOpen) || !this.kubelets.hears(cluster, machine.id)) return;
    if (annotations[ON_DISC] !== offer) annotate(cluster, disk.nodeName, { [ON_DISC]: offer });
    if (isOpen) this.follow(machine, cluster, disk, order);
  }

  private follow(machine: Machine, cluster: Cluster, disk: NodeDisk, order: string): void {
    const refusal = this.change(cluster, disk, order.split(" ").slice(1));
    const text = refusal === undefined ? order : `${order} refused: ${refusal}`;
    machine.say(`${AGENT}: addons: ${text}`);
    annotate(cluster, disk.nodeName, { [ADDONS]: text });
    this.site.changed();
  }

  private change(cluster: Cluster, { version }: NodeDisk, words: readonly string[]): string | undefined {
    for (const word of words) {
      const name = word.slice(1);
      const addon = addons[name];
      if (!addon || !/^[+-]/.test(word)) return `there is no such add-on: ${word}`;
      if (word.startsWith("+") && !onDisc(version).includes(name)) return `the Kubernetes ISO of ${version} has no ${addon.manifest}`;
      (word.startsWith("+") ? install : remove)(cluster.store, addon);
    }
    cluster.workloads.settle();
    return undefined;
  }
}
