/**
 * What the core asks of the world. It declares these ports itself and is handed something that fits: over HTTP in a real run,
 * in-process and in virtual time in the sweeps. Nothing here names a library.
 */
import type { Commands } from "../mold/catalogue/commands";

export type CommandName = keyof Commands;
export type Params<C extends CommandName> = Commands[C]["params"];
export type Answer<C extends CommandName> = Commands[C]["answer"];
export type AsyncCommandName = { [C in CommandName]: Commands[C]["async"] extends true ? C : never }[CommandName];
export type SyncCommandName = Exclude<CommandName, AsyncCommandName>;
export type ListCommandName = Extract<SyncCommandName, `list${string}`>;

/** What a call is made for. It is only used to word errors and logs: `KubernetesCluster prod: machine prod-worker-2`. */
export interface CallContext {
  readonly resource?: string;
  /** The property of the declaration an error would point at, if there is one. */
  readonly property?: string;
  readonly signal?: AbortSignal;
  /** How long to wait for the job of `run`, in milliseconds. Default: the connection's job timeout. */
  readonly timeoutMs?: number;
}

/** A job that Mold has accepted: what it works on is known before it is done. */
export interface StartedJob<C extends AsyncCommandName> {
  /** The id of what is being made, where the command makes something. */
  readonly id?: string;
  readonly jobId: string;
  /** Resolves with the object the job made or changed; rejects with a `MoldError`. */
  done(): Promise<Answer<C>>;
}

export interface MoldPort {
  /** A command that answers at once. Resolves with the object inside the answer (`createNetwork` with the network itself). */
  call<C extends SyncCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<Answer<C>>;
  /** Every item of a list over all its pages. An empty list is an empty array. */
  list<C extends ListCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<Answer<C>[]>;
  /** Begins a job. */
  start<C extends AsyncCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<StartedJob<C>>;
  /** Begins a job and waits for it. */
  run<C extends AsyncCommandName>(command: C, params: Params<C>, context?: CallContext): Promise<Answer<C>>;
}

/**
 * A refusal by Mold, or Mold out of reach. `provider/mold` throws it; the core reads `kind` and never the text.
 * - `refused`: 431, 530, 537 and the like, or a failed job; `code` is Mold's.
 * - `credentials`: 401.  `forbidden`: 432 and 531.  `limit`: 535.  `capacity`: 533.
 * - `unreachable`: no answer (connection, TLS, proxy).  `timeout`: no answer or no end of the job in time.  `server`: a 5xx that is none of these.
 */
export type MoldErrorKind = "refused" | "credentials" | "forbidden" | "limit" | "capacity" | "conflict" | "unreachable" | "timeout" | "server";

export interface MoldFailure extends Error {
  readonly name: "MoldError";
  readonly kind: MoldErrorKind;
  readonly command: string;
  readonly code?: number;
  /** Mold's own words. */
  readonly said?: string;
}
export function isMoldFailure(error: unknown): error is MoldFailure {
  return error instanceof Error && error.name === "MoldError";
}

export interface Resources {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** A node as the cluster's own API shows it. */
export interface KubernetesNode {
  readonly name: string;
  readonly ready: boolean;
  /** Kubelet version without the `v`: `1.35.4`. */
  readonly version: string;
  readonly internalIp?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  /** Why it is not Ready, in the kubelet's words. */
  readonly reason?: string;
  /** What it is short of: `DiskPressure`. */
  readonly pressures: readonly string[];
  /** `containerd://2.1.9` */
  readonly runtime: string;
  /** Since when it is Ready, or is not: milliseconds since 1970 by the cluster's own clock. */
  readonly since?: number;
  /** What pods may request there, all together. */
  readonly allocatable: Resources;
}

/** A pod on a node. */
export interface KubernetesPod {
  readonly namespace: string;
  readonly name: string;
  /** `ReplicaSet`, `DaemonSet`, `Node` (a static pod's mirror) …; undefined: nobody makes it anew elsewhere. */
  readonly controller?: string;
  /** It has run to its end. */
  readonly ended: boolean;
  /** It was told to end. */
  readonly ending: boolean;
  /** Its readiness probes pass: a control plane's static pods ask their own `/readyz`. */
  readonly ready: boolean;
  /** Undefined: it is on none yet. */
  readonly node?: string;
  readonly requests: Resources;
}

/** How many pods must stay, and how many may be asked to go now. */
export interface DisruptionBudget {
  readonly namespace: string;
  readonly name: string;
  /** Pods it protects. */
  readonly pods: number;
  /** How many of them may be disrupted now. */
  readonly allowed: number;
}

/** A service of type LoadBalancer. */
export interface KubernetesLoadBalancer {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly number[];
  /** Addresses or names that it was given outside; none yet is an empty list. */
  readonly addresses: readonly string[];
}

/** A persistent volume. */
export interface KubernetesVolume {
  readonly name: string;
  /** `default/data-db-0`: whose it is, if anybody's. */
  readonly claim?: string;
  /** `10Gi` */
  readonly size?: string;
  /** It lies on a node's own disk. */
  readonly onNode: boolean;
  /** What else keeps it: a CSI driver's name, or `nfs` and the like. */
  readonly keptBy?: string;
}

/** An annotation that says who did something to a node. */
export interface NodeMark {
  readonly annotation: string;
  readonly value: string;
}

/** What is in the secret `cloudstack-secret`. */
export interface CloudConfig {
  /** A secret. */
  readonly text: string;
  /** This library made it. */
  readonly isOurs: boolean;
  /** It was changed, and whatever reads it was not started anew since. */
  readonly restarts: boolean;
}

/** A member of the cluster's etcd. */
export interface EtcdMember {
  /** 64 bits in hexadecimal, as `etcdctl` takes it. */
  readonly id: string;
  /** The node's name; empty while the member has never started: then its peer URLs say which machine it is meant for. */
  readonly name: string;
  /** `https://10.1.1.11:2380` */
  readonly peerUrls: readonly string[];
  /** It does not vote yet: it is joining, or never finished. */
  readonly isLearner: boolean;
  /** False for all while nobody leads. */
  readonly isLeader: boolean;
}

/** How to reach and trust one cluster. Built from the identity and the endpoint; the key is a secret. */
export interface ClusterAccess {
  /** `https://203.0.113.7:6443` */
  readonly endpoint: string;
  readonly caCertificate: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** One cluster's own API. A call that finds nobody there rejects with a `KubernetesFailure` of kind `unreachable`. */
export interface KubernetesPort {
  /** True when `/readyz` answers ok under our CA; false while nothing or something unready answers. Throws `foreign` if another CA answers. */
  ready(): Promise<boolean>;
  nodes(): Promise<KubernetesNode[]>;
  /** When each kubelet last said that it is there, by node: its own clock's words, only good for seeing that they change. */
  heartbeats(): Promise<ReadonlyMap<string, string>>;
  /** Sets labels on a node (the kubelet may not give itself a role: the core does). */
  labelNode(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /** No error when it is gone. */
  deleteNode(name: string): Promise<void>;
  /** Keeps new pods away, and marks the node with this annotation. One that somebody else has cordoned is left as it is. */
  cordonNode(name: string, mark: NodeMark): Promise<void>;
  /** Takes back what `cordonNode` did with this mark; what somebody else has cordoned stays. */
  uncordonNode(name: string, mark: NodeMark): Promise<void>;
  /** Sets annotations on a node; undefined takes one away. */
  annotateNode(name: string, annotations: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** The version that kubeadm has recorded for the whole cluster, without the `v`: the first control plane of an upgrade sets it. */
  clusterVersion(): Promise<string>;
  pods(): Promise<KubernetesPod[]>;
  podsOn(node: string): Promise<KubernetesPod[]>;
  /** Every disruption budget there is. */
  budgets(): Promise<DisruptionBudget[]>;
  /** Asks a pod to end, as far as its disruption budgets allow. Answers with what holds it, or undefined: it ends, or is gone. */
  evictPod(pod: Pick<KubernetesPod, "namespace" | "name">): Promise<string | undefined>;
  loadBalancers(): Promise<KubernetesLoadBalancer[]>;
  volumes(): Promise<KubernetesVolume[]>;
  /** Makes or renews a bootstrap token, so that late machines can join. */
  putBootstrapToken(token: string, expires: Date): Promise<void>;
  deleteBootstrapToken(token: string): Promise<void>;
  /** What the add-ons ask Mold with, in their secret in kube-system. Undefined: there is none. */
  cloudConfig(): Promise<CloudConfig | undefined>;
  /** Makes the secret, or puts another text into the one that we have made: whatever reads it is then to be restarted. */
  putCloudConfig(text: string): Promise<void>;
  /** Has everything in kube-system that reads the secret start anew, and notes that it was done. */
  restartCloudUsers(): Promise<void>;
  /** No error when it is gone. */
  deleteCloudConfig(): Promise<void>;
  /** etcd's members, as `via`'s etcd pod knows them. Rejects with `unreachable` when that machine is down or runs no etcd. */
  etcdMembers(via: string): Promise<EtcdMember[]>;
  /**
   * Removes a member for good; one that is gone already is no error. `via` must not be its own node.
   * Rejects with `refused` when etcd would lose its majority.
   */
  removeEtcdMember(via: string, id: string): Promise<void>;
  /** Hands the leadership to the member with the id `to`; no error when it leads already. `via` may be any member's node. */
  moveEtcdLeader(via: string, to: string): Promise<void>;
}

export interface KubernetesFailure extends Error {
  readonly name: "KubernetesError";
  readonly kind: "unreachable" | "foreign" | "forbidden" | "refused" | "timeout";
}
export function isKubernetesFailure(error: unknown): error is KubernetesFailure {
  return error instanceof Error && error.name === "KubernetesError";
}
/** Nobody answered: a balancer drops a connection now and then, and an API server may be restarting. */
export function isNoAnswer(error: unknown): error is KubernetesFailure {
  return isKubernetesFailure(error) && (error.kind === "unreachable" || error.kind === "timeout");
}

/** Time, so that tests can run it forward. Milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Real work that takes no virtual time (making keys, say): virtual clocks stand still until it is done. */
  hold<T>(work: () => Promise<T>): Promise<T>;
}

/** Where progress goes. Lines are short and say what, which and how long. Never a secret. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

/** Everything one operation of the core runs with. */
export interface World {
  readonly mold: MoldPort;
  kubernetes(access: ClusterAccess): KubernetesPort;
  readonly clock: Clock;
  readonly log: Log;
  /** This run: `host.pid.random`. All resources of one `up` share it; the lock carries it. */
  readonly run: string;
  /** True when that run is known to have ended without giving its locks back: same machine, process gone. */
  runEnded(run: string): boolean;
  /** Who declares this: `pulumi:<project>/<stack>`. Written on everything owned. */
  readonly owner: string;
  /** Aborts when the engine is gone or the user gave up: no new step begins. */
  readonly signal: AbortSignal;
}
