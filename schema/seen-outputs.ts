/** What data sources and the command line tell of a cluster. Unlike outputs of resources, some of it changes by itself: use of CPU, memory, disk and network. */
import { endpoint, networkId, networkName, node, publicIpAddress, uid, zoneId, zoneName } from "./cluster-outputs";
import type { BooleanProperty, IntegerProperty, ListProperty, ObjectProperty, Properties, StringProperty } from "./property";

/** Answers are of one moment: nothing of them `stays`. */
const asAnswered = ({ description, example }: StringProperty, more: Partial<StringProperty> = {}): StringProperty => ({ type: "string", description, example, ...more });
const text = (description: string, example: string, more: Partial<StringProperty> = {}): StringProperty => ({ type: "string", description, example, ...more });
const count = (description: string, example: number, more: Partial<IntegerProperty> = {}): IntegerProperty => ({ type: "integer", description, example, ...more });
const flag = (description: string, example: boolean, more: Partial<BooleanProperty> = {}): BooleanProperty => ({ type: "boolean", description, example, ...more });
const maybe = { required: false } as const;

/** The columns of Mold's list of clusters, and what tells one from another. */
export const summary: Properties = {
  name: text("Name of the cluster.", "prod"),
  uid: asAnswered(uid, maybe),
  moldId: text("Id of its record among Mold's Kubernetes clusters; absent while it is not registered there.", "278ef443-1b9f-48fe-b735-714c29459ce3", maybe),
  owner: text("Who declares it, if this library does: `pulumi:<organization>/<project>/<stack>`.", "pulumi:acme/shop/prod", maybe),
  description: text("What it is for.", "Payments, production", maybe),
  state: text("Its state. Of a cluster that this library runs, by its machines: `Running`, `Alert` (some don't run) or `Stopped`; of one that Mold runs, Mold's word.", "Running"),
  clusterType: text("`ExternalManaged` when this library or somebody else runs it, `CloudManaged` when Mold does.", "ExternalManaged", { enum: ["ExternalManaged", "CloudManaged"] }),
  autoscalingEnabled: flag("Whether Mold adds and removes workers by demand.", false),
  minSize: count("Never fewer workers than this, with autoscaling.", 2, maybe),
  maxSize: count("Never more workers than this, with autoscaling.", 10, maybe),
  size: count("How many workers it has.", 3),
  controlPlaneCount: count("How many control planes it has.", 3),
  cpuCores: count("CPU cores of all its machines together.", 36, { unit: "cores" }),
  memoryMb: count("Memory of all its machines together.", 73_728, { unit: "MB" }),
  kubernetesVersion: text("Its Kubernetes version as it is registered with Mold; absent where no record says.", "1.35.4", maybe),
  account: text("Account that owns it; absent for one of a project.", "team-a", maybe),
  project: text("Project that owns it.", "shop", maybe),
  domain: text("Domain of that account or project.", "ROOT/teams", maybe),
  zoneId: asAnswered(zoneId, maybe),
  zoneName: asAnswered(zoneName, maybe),
  networkId: asAnswered(networkId, maybe),
  networkName: asAnswered(networkName, maybe),
  publicIpAddress: asAnswered(publicIpAddress, maybe),
  endpoint: asAnswered(endpoint, maybe),
  created: text("When it was made, ISO 8601.", "2026-11-23T13:54:24.000Z", maybe),
};

const used = (description: string, unit: string, example: number): IntegerProperty => count(`${description} Absent while Mold has not measured it.`, example, { unit, ...maybe });

export const nodeStatus: ObjectProperty = {
  type: "object",
  typeName: "NodeStatus",
  description: "One machine of a cluster, and how much of it is used.",
  properties: {
    name: node.properties.name!,
    role: node.properties.role!,
    machineId: node.properties.machineId!,
    state: node.properties.state!,
    ipAddress: node.properties.ipAddress!,
    hostName: text("Host that it runs on; shown to administrators of Mold alone.", "host-3", maybe),
    offering: node.properties.offering!,
    cpuCores: count("Its CPU cores.", 8, { unit: "cores" }),
    memoryMb: count("Its memory.", 16_384, { unit: "MB" }),
    cpuPercent: used("How much of its CPU is used, of all its cores.", "%", 12),
    memoryUsedMb: used("How much of its memory is used, as seen inside.", "MB", 5_120),
    networkReadKb: used("Received by its network interfaces, all in all.", "KiB", 32_768),
    networkWriteKb: used("Sent by them.", "KiB", 16_384),
    diskReadKb: used("Read from its disks, all in all.", "KiB", 812_032),
    diskWriteKb: used("Written to them.", "KiB", 401_408),
    created: text("When it was made, ISO 8601.", "2026-11-23T13:54:24.000Z", maybe),
    version: text("Version of its kubelet. With `kubeconfig` alone.", "1.35.4", maybe),
    ready: flag("Whether its node is Ready. With `kubeconfig` alone.", true, maybe),
    cordoned: flag("Whether new pods are kept away. With `kubeconfig` alone.", false, maybe),
    reason: text("Why it is not Ready, in its kubelet's words. With `kubeconfig` alone.", "container runtime is down", maybe),
    certificatesEnd: text("When the first of its certificates ends, ISO 8601; its agent renews them weeks before. With `kubeconfig` alone.", "2027-11-24T17:11:15Z", maybe),
  },
};

export const comment: ObjectProperty = {
  type: "object",
  typeName: "Comment",
  description: "A comment on a cluster: what Mold calls an annotation.",
  properties: {
    id: text("Id of the annotation.", "df70e0a6-ffe9-4892-81c4-bf9a25d0f8c5"),
    text: text("What it says.", "Ask Min before an upgrade"),
    author: text("User that wrote it.", "min", maybe),
    created: text("When, ISO 8601.", "2026-11-23T13:54:49.000Z", maybe),
    adminsOnly: flag("Whether administrators of Mold alone see it.", false),
  },
};

export const comments: ListProperty = { type: "list", description: "Comments on it, the oldest first.", items: comment };

export const event: ObjectProperty = {
  type: "object",
  typeName: "ClusterEvent",
  description: "Something that happened, as Mold has recorded it.",
  properties: {
    id: text("Id of the event.", "ad3f568a-cda1-4dd4-b94b-a9a44fb0451e"),
    time: text("When, ISO 8601; Mold knows it to the second.", "2026-11-23T13:54:48.000Z"),
    level: text("How grave it is.", "INFO", { enum: ["INFO", "WARN", "ERROR"] }),
    type: text("What kind of event, in Mold's words.", "VM.START"),
    state: text("Of something that takes time: `Created`, `Scheduled`, `Started` or `Completed`.", "Completed"),
    description: text("What happened, in Mold's words.", "Successfully completed starting Instance"),
    resourceType: text("What it happened to.", "VirtualMachine", maybe),
    resourceId: text("Id of that.", "c1a2b3c4-0000-4000-8000-000000000001", maybe),
    resourceName: text("Name of that.", "prod-worker-1", maybe),
    user: text("User that set it off.", "admin", maybe),
    parentId: text("Id of the event that it belongs to: the beginning of the same job.", "0ced4928-3392-416d-b70c-ba28210546ad", maybe),
  },
};

export const version: ObjectProperty = {
  type: "object",
  typeName: "KubernetesVersion",
  description: "A Kubernetes version that is registered with Mold.",
  properties: {
    id: text("Id of the version.", "3a1de5a4-7a4f-4b7a-9a43-0d6a4b0d4b7a"),
    version: text("The version.", "1.35.4"),
    name: text("What it is called in Mold.", "v1.35.4-x86_64"),
    usable: flag("Whether clusters can be made with it or upgraded to it: it is enabled and its ISO is Ready.", true),
    reason: text("Why it can't be used.", "its ISO is NotUploaded", maybe),
    state: text("`Enabled` or `Disabled`.", "Enabled"),
    isoId: text("Id of its ISO.", "5d9e3c0c-3b5c-4a39-8d83-5f1f6f8b8f55", maybe),
    isoName: text("Name of its ISO.", "v1.35.4-Kubernetes-Binaries-ISO", maybe),
    isoState: text("State of its ISO.", "Ready", maybe),
    zoneId: text("The one zone that it is registered for; absent: all zones.", "d0a3c5de-6a54-4a47-8a0e-7d2ad4b1a5c6", maybe),
    zoneName: text("Name of that zone.", "zone-1", maybe),
    architecture: text("Processor that it is built for.", "x86_64", maybe),
    minCpuCores: count("No machine of a cluster may have fewer CPU cores.", 2, { unit: "cores" }),
    minMemoryMb: count("Nor less memory.", 2048, { unit: "MB" }),
    supportsHa: flag("Whether it can have several control planes.", true),
    supportsAutoscaling: flag("Whether Mold can scale it by demand.", true),
  },
};
