/** A cluster that Mold's own Kubernetes service runs, as declared, in the core's own terms. Handlers make it from checked inputs. */
import type { ClusterPlace, DesiredNode } from "../desired";
import type { Anchor } from "../lock";
import type { Tags } from "../ownership";

export interface ManagedRole {
  readonly count: number;
  /** Name or id. */
  readonly offering: string;
}

/** Enough to find it. */
export interface ManagedSubject {
  readonly name: string;
  readonly uid: string;
  readonly place: ClusterPlace;
}

export interface DesiredManaged extends ManagedSubject {
  readonly description?: string;
  /** `1.35.4` or `1.35`. */
  readonly version: string;
  readonly controlPlane: ManagedRole;
  readonly workers: ManagedRole;
  /** The size is then Mold's, between these. */
  readonly autoscaling?: { readonly min: number; readonly max: number };
  /** Of every machine, GB. */
  readonly rootDiskGb?: number;
  /** By name. */
  readonly nodes: Readonly<Record<string, DesiredNode>>;
  readonly sshKeyPair?: string;
  readonly privateRegistry?: { readonly url: string; readonly username?: string; readonly password?: string };
  readonly externalLoadBalancerIp?: string;
  /** Mold's storage driver is installed as the cluster is made. */
  readonly csi: boolean;
  /** Machines of the user's that are nodes of it beside its own, by id. */
  readonly externalNodes: readonly string[];
  /** On its record in Mold. */
  readonly comments: readonly string[];
  /** The user's own, on every machine. */
  readonly tags: Tags;
  readonly powerState: "running" | "stopped";
  /** What becomes of a create that failed: the next run goes on from there, or what was made goes at once. */
  readonly failedCreate: "continue" | "remove";
  readonly timeouts: { readonly createSeconds: number; readonly updateSeconds: number; readonly deleteSeconds: number; readonly upgradeSeconds: number; readonly scaleSeconds: number; readonly drainSeconds: number };
}

/** How many workers it is made with. */
export const sizeAtBirth = ({ workers, autoscaling }: DesiredManaged): number => (autoscaling ? Math.min(autoscaling.max, Math.max(autoscaling.min, workers.count)) : workers.count);

/** A network that is not the cluster's own serves several: what is marked there carries the uid in its key. */
export const markKey = ({ place, uid }: ManagedSubject, key: string): string => (place.networkOwned ? key : `${key}-${uid}`);

/** Mold's clusters take no tags, and their address may be the network's: the network is what carries the lock and the marks. */
export const managedAnchor = (subject: ManagedSubject): Anchor => ({ kind: "Network", id: subject.place.networkId, key: markKey(subject, "ablestack-lock") });
