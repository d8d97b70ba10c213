/**
 * The controllers that matter to nodes: deployments and sets make pods, the scheduler places them, pods on nodes that are gone
 * go too, disruption budgets are counted. All in one pass without delay, run after whatever changed their input.
 */
import { isObject, listIn, objectIn, stringIn, timestamp, type JsonObject, type JsonValue, type KubernetesObject, type ObjectStore } from "./objects";
import { addressIn } from "./admission";
import { proxyStarted } from "./node-events";
import { kinds, resources, type Resource } from "./resources";
import { matchesLabels } from "./selectors";

const statefulSet = resources.find((resource) => resource.kind === "StatefulSet") as Resource;
/** Kinds whose changes can move pods. */
const relevant = new Set(["Node", "Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "PodDisruptionBudget"]);
/** A pass can make work for the next (a deployment its replica set, that its pods); more rounds than this mean a loop. */
const ROUNDS = 8;

function controllerOf(object: KubernetesObject): JsonObject | undefined {
  return (listIn(object.metadata, "ownerReferences") as JsonObject[]).find((owner) => owner.controller === true);
}
function ownerOf(object: KubernetesObject): JsonObject {
  return { apiVersion: object.apiVersion, kind: object.kind, name: object.metadata.name, uid: object.metadata.uid, controller: true, blockOwnerDeletion: true };
}
export function isNodeReady(node: KubernetesObject): boolean {
  return (listIn(objectIn(node, "status"), "conditions") as JsonObject[]).some((each) => each.type === "Ready" && each.status === "True");
}
/** A kubelet that reports, be the node Ready or not: the node controller says Unknown when it does not. */
function isKubeletUp(node: KubernetesObject): boolean {
  return (listIn(objectIn(node, "status"), "conditions") as JsonObject[]).some((each) => each.type === "Ready" && each.status !== "Unknown");
}
function isPodReady(pod: KubernetesObject): boolean {
  return (listIn(objectIn(pod, "status"), "conditions") as JsonObject[]).some((each) => each.type === "Ready" && each.status === "True");
}
function tolerates(spec: JsonObject, taints: readonly JsonObject[]): boolean {
  const tolerations = listIn(spec, "tolerations") as JsonObject[];
  return taints
    .filter((taint) => taint.effect !== "PreferNoSchedule")
    .every((taint) =>
      tolerations.some(
        (each) =>
          (each.key === undefined || each.key === taint.key) &&
          (each.effect === undefined || each.effect === taint.effect) &&
          (each.operator === "Exists" || (each.key !== undefined && (each.value ?? "") === (taint.value ?? ""))),
      ),
    );
}
function fits(node: KubernetesObject, spec: JsonObject): boolean {
  const wanted = Object.entries(objectIn(spec, "nodeSelector"));
  return wanted.every(([key, value]) => node.metadata.labels?.[key] === value) && tolerates(spec, listIn(objectIn(node, "spec"), "taints") as JsonObject[]);
}
/** What the daemon set controller tolerates for its pods beyond what they say. */
const daemonTolerations: JsonObject[] = ["not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", "network-unavailable"].map((key) => ({ key: `node.kubernetes.io/${key}`, operator: "Exists" }));

/** On a daemon set's pod: of which of its templates it is. */
const REVISION = "controller-revision-hash";

/** A stable short hash of a template, for the name of its replica set. */
function templateHash(template: JsonValue | undefined): string {
  let hash = 0;
  for (const char of JSON.stringify(template ?? null)) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

export class Workloads {
  private dirty = true;
  private running = false;

  constructor(
    private readonly store: ObjectStore,
    private readonly now: () => number,
    private readonly uuid: () => string,
  ) {
    store.listen((change) => {
      if (relevant.has(change.resource.kind)) this.dirty = true;
    });
  }

  /** Brings pods and counts in step with what is wanted. Does nothing when nothing relevant has changed. */
  settle(): void {
    if (this.running) return;
    this.running = true;
    try {
      for (let round = 0; this.dirty && round < ROUNDS; round++) {
        this.dirty = false;
        this.pass();
      }
    } finally {
      this.running = false;
    }
  }

  private pass(): void {
    const { store } = this;
    const nodes = store.list(kinds.node);
    const names = new Set(nodes.map((node) => node.metadata.name));
    for (const pod of store.list(kinds.pod)) {
      const on = stringIn(objectIn(pod, "spec"), "nodeName");
      const owner = controllerOf(pod);
      const orphaned = owner !== undefined && owner.kind !== "Node" && !this.owner(owner, pod);
      if ((on !== undefined && !names.has(on)) || orphaned) store.remove(kinds.pod, pod.metadata.namespace, pod.metadata.name);
    }
    for (const set of store.list(kinds.replicaSet)) {
      const owner = controllerOf(set);
      if (owner?.kind === "Deployment" && !this.owner(owner, set)) store.remove(kinds.replicaSet, set.metadata.namespace, set.metadata.name);
    }
    for (const deployment of store.list(kinds.deployment)) this.deployment(deployment);
    for (const set of [...store.list(kinds.replicaSet), ...store.list(statefulSet)]) this.replicas(set);
    for (const set of store.list(kinds.daemonSet)) this.daemons(set, nodes);
    this.place(nodes);
    this.count();
  }

  private owner(reference: JsonObject, of: KubernetesObject): KubernetesObject | undefined {
    const resource = resources.find((each) => each.kind === reference.kind && (each.group === "" ? "v1" : `${each.group}/${each.version}`) === reference.apiVersion);
    const found = resource && this.store.get(resource, of.metadata.namespace, String(reference.name));
    return found?.metadata.uid === reference.uid ? found : undefined;
  }

  private owned(resource: Resource, owner: KubernetesObject): KubernetesObject[] {
    return this.store.list(resource, owner.metadata.namespace).filter((each) => controllerOf(each)?.uid === owner.metadata.uid);
  }

  private deployment(deployment: KubernetesObject): void {
    const spec = objectIn(deployment, "spec");
    const template = objectIn(spec, "template");
    const hash = templateHash(template);
    const name = `${deployment.metadata.name}-${hash}`;
    const replicas = Number(spec.replicas ?? 1);
    const labels = { ...(objectIn(objectIn(template, "metadata"), "labels") as Record<string, string>), "pod-template-hash": hash };
    const sets = this.owned(kinds.replicaSet, deployment);
    const resize = (set: KubernetesObject, to: number): void => {
      this.store.change(kinds.replicaSet, set.metadata.namespace, set.metadata.name, (each) => {
        each.spec = { ...objectIn(each, "spec"), replicas: to };
      });
    };
    const current = sets.find((set) => set.metadata.name === name);
    if (current) resize(current, replicas);
    else
      this.store.add(kinds.replicaSet, {
        metadata: { name, namespace: deployment.metadata.namespace, labels, ownerReferences: [ownerOf(deployment)] },
        spec: { replicas, selector: { matchLabels: labels }, template: { ...template, metadata: { ...objectIn(template, "metadata"), labels } } },
        status: {},
      });
    for (const set of sets) if (set.metadata.name !== name) resize(set, 0);
  }

  private replicas(set: KubernetesObject): void {
    const pods = this.owned(kinds.pod, set);
    const wanted = Number(objectIn(set, "spec").replicas ?? 1);
    const ordered = set.kind === "StatefulSet";
    // The ones that run nowhere go first, as the replica set controller chooses.
    const doomed = ordered ? [...pods].reverse() : [...pods].sort((a, b) => Number(isPodReady(a)) - Number(isPodReady(b)));
    for (const pod of doomed.slice(0, Math.max(0, pods.length - wanted))) this.store.remove(kinds.pod, pod.metadata.namespace, pod.metadata.name);
    const taken = new Set(pods.map((pod) => pod.metadata.name));
    for (let missing = wanted - pods.length, ordinal = 0; missing > 0; ordinal++) {
      const name = ordered ? `${set.metadata.name}-${ordinal}` : this.freeName(set);
      if (taken.has(name)) continue;
      this.pod(set, name, undefined, []);
      missing--;
    }
  }

  /** `web-6f9c4-x2k7q`: the owner's name and five characters that no other pod there has. */
  private freeName(owner: KubernetesObject): string {
    for (;;) {
      const name = `${owner.metadata.name}-${this.uuid().replace(/-/g, "").slice(-5)}`;
      if (!this.store.get(kinds.pod, owner.metadata.namespace, name)) return name;
    }
  }

  private daemons(set: KubernetesObject, nodes: readonly KubernetesObject[]): void {
    const template = objectIn(objectIn(set, "spec"), "template");
    const spec = objectIn(template, "spec");
    const revision = templateHash(template);
    // Those of an earlier template make room for new ones, one after the other, which takes no time here.
    for (const pod of this.owned(kinds.pod, set)) if (pod.metadata.labels?.[REVISION] !== revision) this.store.remove(kinds.pod, pod.metadata.namespace, pod.metadata.name);
    const pods = new Map(this.owned(kinds.pod, set).map((pod) => [stringIn(objectIn(pod, "spec"), "nodeName"), pod]));
    const tolerations = [...listIn(spec, "tolerations"), ...daemonTolerations];
    for (const node of nodes) {
      const fit = fits(node, { ...spec, tolerations });
      const pod = pods.get(node.metadata.name);
      if (fit && !pod) this.pod(set, this.freeName(set), node.metadata.name, daemonTolerations, { [REVISION]: revision });
      if (!fit && pod) this.store.remove(kinds.pod, pod.metadata.namespace, pod.metadata.name);
    }
  }

  private pod(owner: KubernetesObject, name: string, nodeName: string | undefined, tolerations: JsonObject[], labels: Readonly<Record<string, string>> = {}): void {
    const template = objectIn(objectIn(owner, "spec"), "template");
    const spec = objectIn(template, "spec");
    const metadata = objectIn(template, "metadata");
    const merged = [...listIn(spec, "tolerations"), ...tolerations];
    this.store.add(kinds.pod, {
      metadata: { ...metadata, labels: { ...(objectIn(metadata, "labels") as Record<string, string>), ...labels }, name, namespace: owner.metadata.namespace, ownerReferences: [ownerOf(owner)] },
      spec: { restartPolicy: "Always", terminationGracePeriodSeconds: 30, serviceAccountName: "default", ...spec, tolerations: merged.length > 0 ? merged : undefined, nodeName },
      status: { phase: "Pending" },
    });
  }

  /** The scheduler, and what each kubelet then reports. */
  private place(nodes: readonly KubernetesObject[]): void {
    const pods = this.store.list(kinds.pod);
    const load = new Map(nodes.map((node) => [node.metadata.name, 0]));
    for (const pod of pods) {
      const on = stringIn(objectIn(pod, "spec"), "nodeName");
      if (on !== undefined) load.set(on, (load.get(on) ?? 0) + 1);
    }
    const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
    for (const pod of pods) {
      const spec = objectIn(pod, "spec");
      let on = stringIn(spec, "nodeName");
      if (on === undefined) {
        const open = nodes.filter((node) => isNodeReady(node) && objectIn(node, "spec").unschedulable !== true && fits(node, spec));
        on = open.sort((a, b) => (load.get(a.metadata.name) ?? 0) - (load.get(b.metadata.name) ?? 0))[0]?.metadata.name;
        if (on === undefined) continue;
        load.set(on, (load.get(on) ?? 0) + 1);
      }
      const node = byName.get(on);
      if (node) this.report(pod, node, on);
    }
  }

  private report(pod: KubernetesObject, node: KubernetesObject, on: string): void {
    const hostNetwork = objectIn(pod, "spec").hostNetwork === true;
    // What runs on the host's own network does not wait for the CNI: static pods are there before the node is Ready.
    const up = isNodeReady(node) || (hostNetwork && isKubeletUp(node));
    const status = objectIn(pod, "status");
    const started = status.phase === "Running";
    const placed = objectIn(pod, "spec").nodeName === on;
    if (placed && (started ? isPodReady(pod) === up : !up)) return;
    if (!started && up && pod.metadata.labels?.["k8s-app"] === "kube-proxy") proxyStarted(this.store, node, this.now());
    const time = timestamp(this.now());
    const hostIP = (listIn(objectIn(node, "status"), "addresses") as JsonObject[]).find((each) => each.type === "InternalIP")?.address;
    this.store.change(kinds.pod, pod.metadata.namespace, pod.metadata.name, (next) => {
      next.spec = { ...objectIn(next, "spec"), nodeName: on };
      if (!started && !up) return;
      const ready = up ? "True" : "False";
      const range = stringIn(objectIn(node, "spec"), "podCIDR");
      const ip = started ? status.podIP : hostNetwork || range === undefined ? hostIP : addressIn(range, 2 + (Number(next.metadata.resourceVersion) % 250));
      next.status = {
        ...status,
        phase: "Running",
        startTime: status.startTime ?? time,
        hostIP,
        podIP: ip,
        podIPs: ip === undefined ? undefined : [{ ip }],
        conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({ type, status: type === "Ready" || type === "ContainersReady" ? ready : "True", lastTransitionTime: time })),
        containerStatuses: (listIn(objectIn(next, "spec"), "containers") as JsonObject[]).map((container) => ({
          name: container.name, image: container.image, imageID: "", ready: up, started: up, restartCount: 0, containerID: `containerd://${templateHash(`${next.metadata.uid}/${String(container.name)}`)}`,
          state: { running: { startedAt: status.startTime ?? time } },
        })),
      };
    });
  }

  private count(): void {
    const set = (resource: Resource, object: KubernetesObject, status: JsonObject): void => {
      this.store.change(resource, object.metadata.namespace, object.metadata.name, (next) => {
        next.status = { ...objectIn(next, "status"), ...status, observedGeneration: next.metadata.generation };
      });
    };
    const replicated = (pods: readonly KubernetesObject[]): JsonObject => {
      const ready = pods.filter(isPodReady).length;
      return { replicas: pods.length, readyReplicas: ready, availableReplicas: ready };
    };
    for (const replicaSet of [...this.store.list(kinds.replicaSet), ...this.store.list(statefulSet)])
      set(replicaSet.kind === "StatefulSet" ? statefulSet : kinds.replicaSet, replicaSet, { ...replicated(this.owned(kinds.pod, replicaSet)) });
    for (const deployment of this.store.list(kinds.deployment)) {
      const pods = this.owned(kinds.replicaSet, deployment).flatMap((each) => this.owned(kinds.pod, each));
      const counts = replicated(pods);
      const available = Number(counts.availableReplicas) >= Number(objectIn(deployment, "spec").replicas ?? 1);
      const before = (listIn(objectIn(deployment, "status"), "conditions") as JsonObject[]).find((each) => each.type === "Available");
      const status = available ? "True" : "False";
      const condition = before?.status === status ? before : { type: "Available", status, reason: available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable", lastTransitionTime: timestamp(this.now()) };
      set(kinds.deployment, deployment, { ...counts, updatedReplicas: pods.length, conditions: [condition, { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" }] });
    }
    for (const daemonSet of this.store.list(kinds.daemonSet)) {
      const pods = this.owned(kinds.pod, daemonSet);
      const ready = pods.filter(isPodReady).length;
      set(kinds.daemonSet, daemonSet, { desiredNumberScheduled: pods.length, currentNumberScheduled: pods.length, numberReady: ready, numberAvailable: ready, updatedNumberScheduled: pods.length, numberMisscheduled: 0 });
    }
    for (const budget of this.store.list(kinds.podDisruptionBudget)) set(kinds.podDisruptionBudget, budget, this.budget(budget));
  }

  /** https://kubernetes.io/docs/tasks/run-application/configure-pdb/ */
  private budget(budget: KubernetesObject): JsonObject {
    const spec = objectIn(budget, "spec");
    const pods = this.store.list(kinds.pod, budget.metadata.namespace).filter((pod) => matchesLabels(spec.selector, pod.metadata.labels));
    const expected = pods.length;
    const healthy = pods.filter(isPodReady).length;
    const part = (value: JsonValue | undefined): number => (typeof value === "string" && value.endsWith("%") ? Math.ceil((expected * Number(value.slice(0, -1))) / 100) : Number(value));
    const desired = spec.maxUnavailable !== undefined ? expected - part(spec.maxUnavailable) : part(spec.minAvailable ?? 1);
    return { expectedPods: expected, currentHealthy: healthy, desiredHealthy: Math.max(0, desired), disruptionsAllowed: Math.max(0, healthy - Math.max(0, desired)) };
  }
}

/** The budgets that forbid taking this pod away now. */
export function blockingBudgets(store: ObjectStore, pod: KubernetesObject): KubernetesObject[] {
  return store
    .list(kinds.podDisruptionBudget, pod.metadata.namespace)
    .filter((budget) => matchesLabels(objectIn(budget, "spec").selector, pod.metadata.labels) && Number(objectIn(budget, "status").disruptionsAllowed ?? 0) < 1 && isObject(pod.status) && isPodReady(pod));
}
