/** A simulated cluster: its etcd members, its kubelets as the control plane sees them, and its API. */
import type { HypervisorContext, Json } from "../hypervisor";
import type { Durations } from "./durations";
import { withCertificates } from "./certificate-life";
import { certificateHash, clientIdentity, type Identity } from "./certificates";
import { elect, hasQuorum, leaderOf, memberOf, removalProblem, transferProblem, type EtcdState, type IsUp, type Member } from "./etcd";
import { anonymous, bearerIdentity } from "./kubernetes-api/access";
import { KubernetesApi, type Answer } from "./kubernetes-api/api";
import { furnishCluster, recordVersion, renewAddons, signClusterInfo, type ClusterFacts } from "./kubernetes-api/cluster-objects";
import type { Executed } from "./kubernetes-api/exec";
import { heartbeat } from "./kubernetes-api/node-objects";
import { ObjectStore, type KubernetesObject } from "./kubernetes-api/objects";
import type { ApiRequest } from "./kubernetes-api/request";
import { Refusal } from "./kubernetes-api/status";
import { Workloads } from "./kubernetes-api/workloads";

/** What happens inside a cluster's machines when its API is asked for it. */
export interface ClusterEvents {
  podDeleted(cluster: Cluster, pod: KubernetesObject): void;
  exec(cluster: Cluster, pod: KubernetesObject, container: string, command: readonly string[]): Executed;
}

/**
 * A kubelet as the node controller knows it. `starting`: registered, not Ready; `ready`; `never`: the fault of that name;
 * `silent`: its machine is down, the grace runs; `lost`: shown NotReady.
 */
export interface Kubelet {
  machineId: string;
  state: "starting" | "ready" | "never" | "silent" | "lost";
  /** The boot it registered in: after another one it registers anew. */
  bootId: string;
  /** Of the kubelet that registered: a newer one registers anew. */
  version: string;
  /** When it registered, or since when it is silent. */
  since: number;
  /** When the first of its machine's certificates ends, as its agent has said last. Undefined in what an earlier emulator has kept. */
  certificatesEnd?: number;
}

interface Kept extends EtcdState {
  readonly id: string;
  facts: ClusterFacts;
  readonly caKey: string;
  kubelets: Record<string, Kubelet>;
  /** On whose machine the controllers lead; undefined: they have never led, or on one that is gone or down. */
  controllersOn?: string;
  /** Whether the controllers have led before. */
  controllersLed?: boolean;
  /** Whether etcd had its majority when last looked at. */
  available: boolean;
}

export class Cluster {
  readonly store: ObjectStore;
  readonly workloads: Workloads;
  readonly caHash: string;
  private readonly api: KubernetesApi;

  private constructor(
    private readonly kept: Kept,
    private readonly context: HypervisorContext,
    durations: Durations,
    events: ClusterEvents,
  ) {
    const { clock } = context;
    this.caHash = certificateHash(kept.facts.caCertificate);
    this.store = new ObjectStore({ save: (key, value) => context.persist(`object/${kept.id}/${key}`, value as unknown as Json) }, () => clock.now(), () => context.uuid());
    this.workloads = new Workloads(this.store, () => clock.now(), () => context.uuid());
    this.api = new KubernetesApi({
      store: this.store, workloads: this.workloads, clock, uuid: () => context.uuid(), endpoint: kept.facts.endpoint, serviceSubnet: kept.facts.serviceSubnet, caCertificate: kept.facts.caCertificate,
      bookmarkEveryMs: durations.watchBookmark,
      present: (object) => this.present(object),
      podDeleted: (pod) => events.podDeleted(this, pod),
      exec: (pod, container, command) => events.exec(this, pod, container, command),
    });
  }

  /** What `kubeadm init` makes. */
  static init(facts: ClusterFacts, caKey: string, context: HypervisorContext, durations: Durations, events: ClusterEvents): Cluster {
    const cluster = new Cluster({ id: context.uuid(), facts, caKey, members: [], kubelets: {}, available: true }, context, durations, events);
    furnishCluster(cluster.store, facts);
    cluster.save();
    return cluster;
  }

  /** Takes up every cluster that was kept. */
  static restore(context: HypervisorContext, durations: Durations, events: ClusterEvents): Cluster[] {
    return context.keys("cluster/").map((key) => {
      const cluster = new Cluster(structuredClone(context.load(key)) as unknown as Kept, context, durations, events);
      const prefix = `object/${cluster.id}/`;
      cluster.store.load(new Map(context.keys(prefix).map((each) => [each.slice(prefix.length), context.load(each) as unknown as KubernetesObject])));
      return cluster;
    });
  }

  get id(): string {
    return this.kept.id;
  }
  get facts(): ClusterFacts {
    return this.kept.facts;
  }
  get caKey(): string {
    return this.kept.caKey;
  }
  get members(): readonly Member[] {
    return this.kept.members;
  }
  get kubelets(): Readonly<Record<string, Readonly<Kubelet>>> {
    return this.kept.kubelets;
  }
  get available(): boolean {
    return this.kept.available;
  }
  set available(value: boolean) {
    this.kept.available = value;
    this.save();
  }

  save(): void {
    // A copy: what was handed to the store must not change until the next save.
    this.context.persist(`cluster/${this.id}`, structuredClone(this.kept) as unknown as Json);
  }

  /** Its machines are gone: nothing of it is left. */
  forget(): void {
    for (const key of this.context.keys(`object/${this.id}/`)) this.context.persist(key, undefined);
    this.context.persist(`cluster/${this.id}`, undefined);
  }

  /** What `kubeadm upgrade apply` leaves in the cluster: its version. */
  record(version: string): void {
    this.kept.facts = { ...this.kept.facts, version };
    recordVersion(this.store, this.kept.facts);
    this.save();
  }

  /** What kubeadm does once the last control plane is at the cluster's version. */
  renewAddons(): void {
    renewAddons(this.store, this.facts);
    this.workloads.settle();
  }

  /** Adds a member, or finds the one that has its address already: kubeadm takes "Peer URLs already exists" for done. */
  addMember(machineId: string, name: string, address: string, learner: boolean): void {
    const peerUrl = `https://${address}:2380`;
    const at = this.kept.members.findIndex((member) => member.peerUrl === peerUrl);
    if (at < 0) {
      const id = this.context.uuid().replace(/-/g, "").slice(-16);
      this.kept.members.push({ id, name, machineId, peerUrl, learner });
    } else this.kept.members[at] = { ...this.kept.members[at]!, name, machineId };
    this.save();
  }

  promote(machineId: string): void {
    const member = this.kept.members.find((each) => each.machineId === machineId);
    if (member) member.learner = false;
    this.save();
  }

  hasQuorum(isUp: IsUp): boolean {
    return hasQuorum(this.kept, isUp);
  }

  leader(isUp: IsUp): Member | undefined {
    return leaderOf(this.kept, isUp);
  }

  /** Raft's term. */
  get term(): number {
    return this.kept.term ?? 1;
  }

  /** Told when members may have come or gone: whoever is elected stays, also when an older one comes back. */
  elect(isUp: IsUp): void {
    if (elect(this.kept, isUp)) this.save();
  }

  /** As {@link elect}, of the controllers beside the API servers. @returns whether they lead anew: others than before, or the same after a restart. */
  electControllers(isUp: IsUp): boolean {
    const able = this.hasQuorum(isUp) ? this.kept.members.filter((member) => !member.learner && isUp(member.machineId)) : [];
    const { controllersOn: before, controllersLed: led = false } = this.kept;
    const now = (able.find(({ machineId }) => machineId === before) ?? able[0])?.machineId;
    if (now === before) return false;
    this.kept.controllersOn = now;
    this.kept.controllersLed = true;
    this.save();
    return led && now !== undefined;
  }

  /** Whether this machine's etcd is a voting member, so that the API server beside it can serve. */
  isVoter(machineId: string): boolean {
    return this.kept.members.some((member) => member.machineId === machineId && !member.learner);
  }

  /** @returns why etcd refuses, or undefined when the member is gone. */
  removeMember(id: bigint, isUp: IsUp): string | undefined {
    const problem = removalProblem(this.kept, id, isUp);
    if (problem !== undefined) return problem;
    const gone = memberOf(this.kept, id);
    this.kept.members = this.kept.members.filter((member) => member !== gone);
    elect(this.kept, isUp);
    this.save();
    return undefined;
  }

  /** @returns why etcd refuses, or undefined when the member leads. */
  moveLeader(id: bigint, isUp: IsUp): string | undefined {
    const problem = transferProblem(this.kept, id, isUp);
    const to = memberOf(this.kept, id);
    if (problem !== undefined || !to || this.kept.leaderId === to.id) return problem;
    this.kept.leaderId = to.id;
    this.kept.term = this.term + 1;
    this.save();
    return undefined;
  }

  setKubelet(nodeName: string, kubelet: Kubelet): void {
    this.kept.kubelets[nodeName] = kubelet;
    this.save();
  }

  forgetKubelet(nodeName: string): void {
    delete this.kept.kubelets[nodeName];
    this.save();
  }

  private present(object: KubernetesObject): KubernetesObject {
    if (object.kind === "ConfigMap" && object.metadata.name === "cluster-info" && object.metadata.namespace === "kube-public") return signClusterInfo(object, this.store, this.context.clock.now());
    if (object.kind !== "Node" && !(object.kind === "Lease" && object.metadata.namespace === "kube-node-lease")) return object;
    const kubelet = this.kept.kubelets[object.metadata.name];
    if (kubelet?.state !== "ready" && kubelet?.state !== "starting" && kubelet?.state !== "never") return object;
    const now = this.context.clock.now();
    const beating = heartbeat(object, now);
    return object.kind === "Node" && kubelet.certificatesEnd !== undefined ? withCertificates(beating, kubelet.certificatesEnd, now) : beating;
  }

  /**
   * Answers a request as one of its API servers.
   * @param clientCertificate what the client showed in its handshake, PEM.
   */
  answer(request: ApiRequest, clientCertificate: string | undefined, version: string): Answer {
    try {
      return this.api.handle(request, this.identify(request, clientCertificate), version);
    } catch (error) {
      if (error instanceof Refusal) return { status: error.code, contentType: "application/json", body: JSON.stringify(error.status()) };
      throw error;
    }
  }

  private identify(request: ApiRequest, clientCertificate: string | undefined): Identity {
    if (clientCertificate !== undefined) {
      const identity = clientIdentity(clientCertificate, this.facts.caCertificate, this.context.clock.now());
      if (typeof identity === "string") throw new Refusal("Unauthorized", "Unauthorized");
      return { user: identity.user, groups: [...identity.groups, "system:authenticated"] };
    }
    const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "");
    if (bearer) {
      const identity = bearerIdentity(this.store, bearer[1] ?? "", this.context.clock.now());
      return { user: identity.user, groups: [...identity.groups, "system:authenticated"] };
    }
    return anonymous;
  }
}
