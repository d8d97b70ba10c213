/** A cluster as declared, in the core's own terms. Handlers make it from checked inputs. */
import type { ClusterAccess } from "./ports";
import type { Role, Tags } from "./ownership";
import type { Anchor } from "./lock";
import type { DesiredAddons } from "./addons";

export interface DesiredRole {
  readonly count: number;
  /** Name or id. */
  readonly offering: string;
  /** GB. Default: the template's own size. */
  readonly rootDiskGb?: number;
}

/** What is declared of one node, by its name. */
export interface DesiredNode {
  /** Name or id. Default: its role's. */
  readonly offering?: string;
  /** Whenever this is another text than that of the last time, the node is rebooted. */
  readonly reboot?: string;
  /** Likewise: a new machine takes its place. */
  readonly replace?: string;
  /** It is not to be there. */
  readonly delete: boolean;
}

/** Where a cluster is to live. */
export interface DesiredEndpoint {
  readonly name: string;
  readonly uid: string;
  /** Name or id. */
  readonly zone: string;
  /** Name or id of a network of the user's. Default: one is made and owned. */
  readonly network?: string;
  /** Name or id, for the network that is made. */
  readonly networkOffering: string;
  /** The one of this uid is taken over. */
  readonly adopt?: boolean;
  readonly timeouts: { readonly createSeconds: number; readonly deleteSeconds: number };
}

/** Where the cluster lives: made before its machines, and unchanged as long as it lives. */
export interface ClusterPlace {
  readonly zoneId: string;
  readonly networkId: string;
  readonly networkOwned: boolean;
  /** `10.1.1.0/24` */
  readonly networkCidr: string;
  readonly publicIpAddressId: string;
  readonly publicIpAddress: string;
}

/** What never changes in the cluster's life. PEM texts. */
export interface ClusterIdentity {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly frontProxyCaCertificate: string;
  readonly frontProxyCaKey: string;
  readonly etcdCaCertificate: string;
  readonly etcdCaKey: string;
  readonly serviceAccountPublicKey: string;
  readonly serviceAccountKey: string;
  readonly adminCertificate: string;
  readonly adminKey: string;
}

/** Enough to find and to delete a cluster. */
export interface ClusterSubject {
  readonly name: string;
  readonly uid: string;
  readonly place: ClusterPlace;
}

export interface DesiredCluster extends ClusterSubject {
  readonly description?: string;
  readonly identity: ClusterIdentity;
  /** `1.35.4` or `1.35`. */
  readonly version: string;
  /** Name or id of the cloud image. */
  readonly template: string;
  readonly controlPlane: DesiredRole;
  readonly workers: DesiredRole;
  /** By name. */
  readonly nodes: Readonly<Record<string, DesiredNode>>;
  readonly affinity: "preferred" | "required" | "none";
  /** Who may reach the API, beside the cluster's own network. */
  readonly apiCidrs: readonly string[];
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly sshKeyPair?: string;
  readonly privateRegistry?: { readonly url: string; readonly username?: string; readonly password?: string };
  /** On its record in Mold. */
  readonly comments: readonly string[];
  /** The user's own tags, on every machine. */
  readonly tags: Tags;
  readonly addons: DesiredAddons;
  readonly powerState: "running" | "stopped";
  /** How workers are upgraded; control planes go one at a time. */
  readonly upgrade: { readonly maxUnavailable: number; readonly maxSurge: number; readonly drainSeconds: number; readonly strategy: "in-place" | "replace" };
  /** The longest that any one wait of an operation may take; `drainSeconds`: that for the pods of one node to leave it; `upgradeSeconds`: the longest that one hop may take. */
  readonly timeouts: { readonly createSeconds: number; readonly updateSeconds: number; readonly deleteSeconds: number; readonly upgradeSeconds: number; readonly scaleSeconds: number; readonly drainSeconds: number };
}

export const apiPort = 6443;

export function anchorOf(place: ClusterPlace): Anchor {
  return place.networkOwned ? { kind: "Network", id: place.networkId } : { kind: "PublicIpAddress", id: place.publicIpAddressId };
}

export const endpointOf = (place: ClusterPlace): string => `https://${place.publicIpAddress}:${apiPort}`;

export function accessOf(identity: ClusterIdentity, place: ClusterPlace): ClusterAccess {
  return {
    endpoint: endpointOf(place),
    caCertificate: identity.caCertificate,
    clientCertificate: identity.adminCertificate,
    clientKey: identity.adminKey,
  };
}

export const roleOf = (desired: DesiredCluster, role: Role): DesiredRole => (role === "control-plane" ? desired.controlPlane : desired.workers);

/** The offering of one machine: its own, or its role's. */
export const offeringOf = (desired: DesiredCluster, { name, role }: { readonly name: string; readonly role: Role }): string => desired.nodes[name]?.offering ?? roleOf(desired, role).offering;

const propertyOf: Readonly<Record<Role, string>> = { "control-plane": "controlPlane", worker: "workers" };

/** `nodes["prod-worker-2"].offering`, as a program writes it. */
export const nodeProperty = (name: string, part?: keyof DesiredNode): string => `nodes[${JSON.stringify(name)}]${part ? `.${part}` : ""}`;

/** The property that a machine's offering was declared by. */
export const offeringProperty = (desired: DesiredCluster, { name, role }: { readonly name: string; readonly role: Role }): string =>
  desired.nodes[name]?.offering === undefined ? `${propertyOf[role]}.offering` : nodeProperty(name, "offering");

export const rootDiskProperty = (role: Role): string => `${propertyOf[role]}.rootDiskGb`;
