/**
 * What exists in the emulated cloud: one row type per table. Rows are plain JSON, never changed in place (the store writes
 * the new row and remembers the old one).
 */

import type { Row, ZoneRow, HostRow, OfferingRow, DiskOfferingRow, TemplateRow, IsoRow, VersionRow, NetworkOfferingRow, DomainRow, Limits, AccountRow, UserRow, ProjectRow, VpcOfferingRow } from "./given-rows";

export type { Row, ZoneRow, HostRow, OfferingRow, DiskOfferingRow, TemplateRow, IsoRow, VersionRow, NetworkOfferingRow, DomainRow, Limits, AccountRow, UserRow, ProjectRow, VpcOfferingRow };

/** Something that belongs to an account or a project. `created` is in milliseconds since the epoch. */
export interface OwnedRow extends Row {
  readonly accountId: string;
  readonly projectId?: string;
  readonly created: number;
}

export interface NetworkRow extends OwnedRow {
  readonly name: string;
  readonly displayText: string;
  readonly zoneId: string;
  readonly networkOfferingId: string;
  readonly state: "Allocated" | "Implemented";
  readonly cidr: string;
  readonly gateway: string;
  readonly netmask: string;
  readonly domain: string;
  /** Assigned when the network is implemented. */
  readonly vlan?: number;
  /** Of a tier: its VPC, and the list that rules it. */
  readonly vpcId?: string;
  readonly aclId?: string;
}

export interface VpcRow extends OwnedRow {
  readonly name: string;
  readonly displayText: string;
  readonly zoneId: string;
  readonly offeringId: string;
  readonly cidr: string;
  readonly domain: string;
}

/** Without an account: one of the two that every VPC has, which nobody may change. */
export interface AclListRow extends Row {
  readonly name: string;
  readonly description: string;
  readonly vpcId?: string;
  readonly accountId?: string;
  readonly projectId?: string;
  readonly created: number;
}

export interface AclItemRow extends OwnedRow {
  readonly aclId: string;
  /** Its number in the list: lower ones are asked first. */
  readonly place: number;
  readonly direction: "Ingress" | "Egress";
  readonly action: "Allow" | "Deny";
  readonly protocol: string;
  readonly startPort?: number;
  readonly endPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly cidrs: readonly string[];
  readonly reason?: string;
  readonly state: "Add" | "Active";
}

export interface AddressRow extends Row {
  readonly address: string;
  readonly zoneId: string;
  readonly state: "Free" | "Allocating" | "Allocated";
  readonly accountId?: string;
  readonly projectId?: string;
  readonly allocated?: number;
  readonly networkId?: string;
  readonly vpcId?: string;
  readonly sourceNat: boolean;
}

export interface FirewallRow extends OwnedRow {
  readonly direction: "Ingress" | "Egress";
  readonly addressId?: string;
  readonly networkId: string;
  readonly protocol: string;
  readonly startPort?: number;
  readonly endPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly cidrs: readonly string[];
  readonly destCidrs: readonly string[];
  readonly state: "Add" | "Active" | "Revoke";
  /** The rule whose `openfirewall` made this one; it goes when that goes. */
  readonly relatedRuleId?: string;
}

export interface ForwardRow extends OwnedRow {
  readonly addressId: string;
  readonly networkId: string;
  readonly protocol: string;
  readonly publicPort: number;
  readonly publicEndPort: number;
  readonly privatePort: number;
  readonly privateEndPort: number;
  readonly machineId: string;
  readonly cidrs: readonly string[];
  readonly state: "Add" | "Active" | "Revoke";
}

export interface BalancerRow extends OwnedRow {
  readonly name: string;
  readonly description?: string;
  readonly addressId: string;
  readonly networkId: string;
  readonly publicPort: number;
  readonly privatePort: number;
  readonly algorithm: string;
  readonly protocol?: string;
  readonly cidrs: readonly string[];
  readonly memberIds: readonly string[];
  readonly state: "Add" | "Active" | "Revoke";
}

export interface StickinessRow extends OwnedRow {
  readonly balancerId: string;
  readonly name: string;
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly description?: string;
}

/** Times in seconds. */
export interface HealthCheckRow extends OwnedRow {
  readonly balancerId: string;
  readonly path: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly description?: string;
}

export interface CounterRow extends Row {
  readonly name: string;
  readonly source: string;
  readonly value: string;
  readonly provider: string;
}

export interface ConditionRow extends OwnedRow {
  readonly counterId: string;
  readonly operator: string;
  readonly threshold: number;
}

/** Times in seconds. */
export interface ScalePolicyRow extends OwnedRow {
  readonly name: string;
  readonly action: "SCALEUP" | "SCALEDOWN";
  readonly duration: number;
  readonly quietTime: number;
  readonly conditionIds: readonly string[];
}

export interface ScaleProfileRow extends OwnedRow {
  readonly zoneId: string;
  readonly offeringId: string;
  readonly templateId: string;
  readonly deployParams: Readonly<Record<string, string>>;
  readonly graceSeconds: number;
  readonly userData?: string;
}

export interface ScaleGroupRow extends OwnedRow {
  readonly name: string;
  readonly balancerId: string;
  readonly profileId: string;
  readonly min: number;
  readonly max: number;
  readonly interval: number;
  readonly upIds: readonly string[];
  readonly downIds: readonly string[];
  readonly machineIds: readonly string[];
  /** How many machines it has made. */
  readonly sequence: number;
  readonly state: "NEW" | "ENABLED" | "DISABLED";
}

export type MachineState = "Stopped" | "Starting" | "Running" | "Stopping" | "Destroyed" | "Expunging" | "Error";

export interface MachineRow extends OwnedRow {
  readonly name: string;
  readonly displayName: string;
  readonly instanceName: string;
  readonly userId: string;
  readonly zoneId: string;
  readonly networkId: string;
  readonly templateId: string;
  readonly offeringId: string;
  readonly state: MachineState;
  readonly guestIp: string;
  readonly mac: string;
  readonly nicId: string;
  readonly hostId?: string;
  readonly lastUpdated?: number;
  readonly isoId?: string;
  readonly userData?: string;
  readonly keyPairs: readonly string[];
  readonly affinityGroupIds: readonly string[];
  readonly details: Readonly<Record<string, string>>;
  /** When it was destroyed, for the expunge thread. */
  readonly destroyed?: number;
  readonly volumeId: string;
  readonly deleteProtection: boolean;
  /** `cksnode`: one of the Kubernetes service, which alone may destroy it. */
  readonly vmType?: string;
}

export interface VolumeRow extends OwnedRow {
  readonly name: string;
  readonly machineId: string;
  readonly zoneId: string;
  readonly sizeBytes: number;
  readonly state: "Allocated" | "Ready";
}

export interface AffinityGroupRow extends OwnedRow {
  readonly name: string;
  readonly description?: string;
  readonly type: string;
}

export interface KeyPairRow extends OwnedRow {
  readonly name: string;
  readonly fingerprint: string;
  readonly publicKey: string;
}

/** `id` is `<resource id>/<key>`: there is one value per key and resource. */
export interface TagRow extends Row {
  readonly resourceId: string;
  readonly resourceType: string;
  readonly key: string;
  readonly value: string;
  readonly accountId: string;
  readonly projectId?: string;
}

export interface AnnotationRow extends OwnedRow {
  readonly entityId: string;
  readonly entityType: string;
  readonly entityName: string;
  readonly text: string;
  readonly userId: string;
  readonly adminsOnly: boolean;
}

export interface ClusterMachine {
  readonly machineId: string;
  readonly control: boolean;
  /** What the service has last put on it. */
  readonly version?: string;
  /** It was added to a CloudManaged cluster by its owner, and stays theirs. */
  readonly external?: boolean;
}

/** As upstream's KubernetesCluster.java names them. */
export type ClusterState = "Created" | "Starting" | "Running" | "Scaling" | "ScalingStoppedCluster" | "Upgrading" | "Importing" | "RemovingNodes" | "Stopping" | "Stopped" | "Alert" | "Recovering" | "Destroying" | "Destroyed" | "Error";

export interface ClusterRow extends OwnedRow {
  readonly name: string;
  readonly description?: string;
  readonly zoneId: string;
  readonly networkId?: string;
  readonly machines: readonly ClusterMachine[];
  readonly versionId?: string;
  readonly state: ClusterState;
  /** Of one that Mold's own service runs (CloudManaged); others are ExternalManaged. */
  readonly managed?: ManagedCluster;
}

/** What Mold's own Kubernetes service knows of a cluster that it runs. */
export interface ManagedCluster {
  readonly controlNodes: number;
  readonly size: number;
  readonly offeringId: string;
  readonly controlOfferingId?: string;
  readonly workerOfferingId?: string;
  readonly templateId: string;
  readonly rootDiskGb?: number;
  readonly keyPair?: string;
  /** The storage driver was asked for. */
  readonly csi?: boolean;
  readonly endpoint: string;
  readonly autoscaling?: { readonly min: number; readonly max: number };
  /** Names and values that a real server keeps apart: kubeconfig, registry, external balancer, whether it made the network. */
  readonly details: Readonly<Record<string, string>>;
  /** A delete that failed half-way is tried again by the server itself. */
  readonly checkForGc?: boolean;
  /** When the server was restarted in the middle of what it did to it. */
  readonly cancelled?: number;
}

export interface EventRow extends OwnedRow {
  readonly type: string;
  readonly text: string;
  readonly level: "INFO" | "WARN" | "ERROR";
  readonly state: "Created" | "Scheduled" | "Started" | "Completed";
  readonly userId: string;
  readonly resourceId?: string;
  readonly resourceType?: string;
  readonly resourceName?: string;
  readonly parentId?: string;
}

export type JobPhase = "waiting" | "running" | "done" | "failed";

export interface JobRow extends OwnedRow {
  readonly command: string;
  readonly userId: string;
  /** The call's parameters as sent, without credentials. */
  readonly params: Readonly<Record<string, string>>;
  /** What `begin` left for `finish`. */
  readonly made: Readonly<Record<string, string>>;
  readonly instanceType?: string;
  readonly instanceId?: string;
  readonly phase: JobPhase;
  /** Milliseconds of work from `started` to the end. */
  readonly ms: number;
  readonly started?: number;
  readonly completed?: number;
  readonly result?: object;
  readonly resultCode?: number;
  /** An ordered fault that this job meets at its end. */
  readonly fault?: { readonly code: number; readonly text: string };
  /** Held by an ordered fault until its time is over or until released. */
  readonly held?: boolean;
  /** It waits for other such jobs on the same instance. */
  readonly alone?: boolean;
  /** It needs one of the few places in which machines are placed and started. */
  readonly placing?: boolean;
  /** Its first event: the parent of the others. */
  readonly eventId?: string;
  /** Milliseconds of work that an ordered fault adds. */
  readonly more?: number;
}

/** What was removed keeps its UUID: Mold knows it, and answers otherwise than to one that never was. */
export interface RemovedRow extends Row {
  readonly table: string;
  readonly name?: string;
  readonly accountId?: string;
}

/** One value under one key: settings of the store itself, and what the hypervisor keeps. `number` is 0. */
export interface ValueRow extends Row {
  readonly value: unknown;
}

export interface Tables {
  zones: ZoneRow;
  hosts: HostRow;
  offerings: OfferingRow;
  diskOfferings: DiskOfferingRow;
  templates: TemplateRow;
  isos: IsoRow;
  versions: VersionRow;
  networkOfferings: NetworkOfferingRow;
  vpcOfferings: VpcOfferingRow;
  domains: DomainRow;
  accounts: AccountRow;
  users: UserRow;
  projects: ProjectRow;
  vpcs: VpcRow;
  aclLists: AclListRow;
  aclItems: AclItemRow;
  networks: NetworkRow;
  addresses: AddressRow;
  firewallRules: FirewallRow;
  forwards: ForwardRow;
  balancers: BalancerRow;
  stickiness: StickinessRow;
  healthChecks: HealthCheckRow;
  counters: CounterRow;
  conditions: ConditionRow;
  scalePolicies: ScalePolicyRow;
  scaleProfiles: ScaleProfileRow;
  scaleGroups: ScaleGroupRow;
  machines: MachineRow;
  volumes: VolumeRow;
  affinityGroups: AffinityGroupRow;
  keyPairs: KeyPairRow;
  tags: TagRow;
  annotations: AnnotationRow;
  clusters: ClusterRow;
  events: EventRow;
  jobs: JobRow;
  removed: RemovedRow;
  meta: ValueRow;
  hypervisor: ValueRow;
}

export type TableName = keyof Tables;

export const tableNames: readonly TableName[] = [
  "zones", "hosts", "offerings", "diskOfferings", "templates", "isos", "versions", "networkOfferings", "vpcOfferings", "domains", "accounts", "users",
  "projects", "vpcs", "aclLists", "aclItems", "networks", "addresses", "firewallRules", "forwards", "balancers", "stickiness", "healthChecks", "counters", "conditions", "scalePolicies", "scaleProfiles", "scaleGroups", "machines", "volumes", "affinityGroups", "keyPairs",
  "tags", "annotations", "clusters", "events", "jobs", "removed", "meta", "hypervisor",
];
