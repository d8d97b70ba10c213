/** What is known of a cluster once it is there. Nothing here changes by itself: use of CPU and memory belongs to data sources. */
import type { ObjectProperty, Properties, StringProperty } from "./property";

const text = (description: string, example: string, more: Partial<StringProperty> = {}): StringProperty => ({ type: "string", description, example, ...more });
const stable = { stable: true } as const;

export const uid = text("Identity of the cluster, for its whole life: 12 letters and digits. Everything it owns carries it as the tag `ablestack-cluster`.", "k3v9x0a2m7qd", stable);
export const caCertificate = text("Certificate of the cluster's authority, PEM. Whoever trusts it trusts the API.", "-----BEGIN CERTIFICATE-----…", stable);
export const networkId = text("Id of the network that the machines are on.", "7c2d5a5e-0b7e-4d6c-9f6d-0d6a4b0d4b7a", stable);
export const networkName = text("Name of that network.", "prod", stable);
export const publicIpAddressId = text("Id of the public address of the API.", "1b6d1c52-9a4b-4a5e-8a4d-2f8b6e0d9c11", stable);
export const publicIpAddress = text("The public address of the API.", "203.0.113.7", stable);
export const endpoint = text("Address of the Kubernetes API.", "https://203.0.113.7:6443", stable);
export const zoneId = text("Id of the zone.", "d0a3c5de-6a54-4a47-8a0e-7d2ad4b1a5c6", stable);
export const zoneName = text("Name of the zone.", "zone-1", stable);

export const node: ObjectProperty = {
  type: "object",
  typeName: "NodeOutputs",
  description: "One machine of the cluster.",
  properties: {
    name: text("Name of the node, the machine and its host.", "prod-worker-1"),
    role: text("What it does.", "worker", { enum: ["control-plane", "worker"] }),
    machineId: text("Id of the virtual machine.", "c1a2b3c4-0000-4000-8000-000000000001"),
    state: text("State of the machine, in Mold's words.", "Running"),
    ipAddress: text("Its address on the network.", "10.1.1.14", { required: false }),
    offering: text("Name of its compute offering.", "k8s-8c-16g"),
    version: text("Version of its kubelet.", "1.35.4", { required: false }),
  },
};

export const kubeconfig: StringProperty = text("Configuration file for kubectl, with an administrator's key. Works in `new k8s.Provider`, and for a year at least from when it is fetched.", "apiVersion: v1 …", { secret: true, ...stable });

export const kubeconfigExpires = text(
  "When the client certificate in `kubeconfig` ends, ISO 8601. Each year the first `up` puts the next one in, which lasts for another two; the kubeconfig stays known in previews all the same.",
  "2028-11-23T13:54:24.000Z",
);

/** Everything except the kubeconfig, which is composed of the identity and the endpoint and so never turns unknown. */
export const clusterFacts: Properties = {
  uid,
  name: text("Name of the cluster.", "prod", stable),
  description: text("What it is for.", "Payments, production", { required: false }),
  clusterId: text("`<uid>/<generation>`: a cluster that was replaced has another generation.", "k3v9x0a2m7qd/1", stable),
  kubernetesVersion: text("The exact version it runs.", "1.35.4"),
  endpoint,
  caCertificate,
  networkId,
  networkName,
  publicIpAddressId,
  publicIpAddress,
  state: text("State of the cluster: `Running` when every machine is there and Ready.", "Running"),
  size: { type: "integer", description: "How many workers it has.", example: 3 },
  controlPlaneCount: { type: "integer", description: "How many control planes it has.", example: 3 },
  cpuCores: { type: "integer", description: "CPU cores of all its machines together.", unit: "cores", example: 36 },
  memoryMb: { type: "integer", description: "Memory of all its machines together.", unit: "MB", example: 73_728 },
  account: text("Account that owns it.", "team-a", { required: false, ...stable }),
  domain: text("Domain of that account.", "ROOT/teams", { required: false, ...stable }),
  zoneId,
  zoneName,
  clusterType: text("How Mold counts it: `ExternalManaged` when this library runs it, `CloudManaged` when Mold does.", "ExternalManaged", { enum: ["ExternalManaged", "CloudManaged"], ...stable }),
  moldId: text("Id of its record among Mold's Kubernetes clusters, by which Mold's screens show it. Another record takes its place when the version or the description changes.", "278ef443-1b9f-48fe-b735-714c29459ce3", { required: false }),
  created: text("When it was made, ISO 8601.", "2026-11-23T13:54:24Z", stable),
  autoscalingEnabled: { type: "boolean", description: "Whether Mold adds and removes workers by demand.", example: false },
  nodes: { type: "list", description: "Its machines: control planes first, then workers, each by number.", items: node },
};

export const clusterOutputs: Properties = {
  ...clusterFacts,
  kubeconfig,
  kubeconfigExpires,
  exportedIdentity: text("What makes it this cluster: its uid and its authorities with their keys, for `adoptIdentity` where it is to be declared from then on. Whoever has it is its administrator for good. Empty where Mold runs the cluster.", '{"uid":"k3v9x0a2m7qd", …}', { secret: true, ...stable }),
};
