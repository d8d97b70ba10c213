/** Declarations and observations for tests of planning: a whole one, from which each test departs. */
import type { DesiredCluster } from "../../../provider/core/desired";
import type { ObservedCluster, ObservedMachine } from "../../../provider/core/observe";
import type { ObservedRecord } from "../../../provider/core/records";
import { agentAnnotation, cordonedBy, machineName, ownershipTags, tagKeys, type Role } from "../../../provider/core/ownership";
import type { KubernetesNode } from "../../../provider/core/ports";
import type { KubernetesVersion } from "../../../provider/core/catalogue";

export const owner = "pulumi:organization/project/stack";
export const uid = "k3x9abcdef01";

export const desired = (changes: Partial<DesiredCluster> = {}): DesiredCluster => ({
  name: "prod",
  uid,
  identity: {
    caCertificate: "CA",
    caKey: "CA KEY",
    frontProxyCaCertificate: "",
    frontProxyCaKey: "",
    etcdCaCertificate: "",
    etcdCaKey: "",
    serviceAccountPublicKey: "",
    serviceAccountKey: "",
    adminCertificate: "",
    adminKey: "",
  },
  place: {
    zoneId: "zone",
    networkId: "network",
    networkOwned: true,
    networkCidr: "10.1.1.0/24",
    publicIpAddressId: "address",
    publicIpAddress: "127.80.0.3",
  },
  version: "1.35.4",
  template: "debian",
  controlPlane: { count: 3, offering: "small" },
  workers: { count: 3, offering: "small" },
  nodes: {},
  affinity: "preferred",
  comments: [],
  apiCidrs: ["0.0.0.0/0"],
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/12",
  tags: {},
  addons: { cloudController: false, csi: false },
  powerState: "running",
  timeouts: { createSeconds: 3600, updateSeconds: 3600, deleteSeconds: 3600, upgradeSeconds: 7200, scaleSeconds: 3600, drainSeconds: 600 },
  upgrade: { maxUnavailable: 1, maxSurge: 0, drainSeconds: 600, strategy: "in-place" },
  ...changes,
});

export const machine = (role: Role, index: number, changes: Partial<ObservedMachine> = {}): ObservedMachine => ({
  id: `id-${machineName("prod", role, index)}`,
  name: machineName("prod", role, index),
  role,
  index,
  state: "Running",
  ipAddress: `10.1.1.${role === "worker" ? 100 + index : index}`,
  offeringId: "offering-id",
  offeringName: "small",
  cpus: 2,
  memoryMb: 4096,
  initialises: role === "control-plane" && index === 1,
  created: Date.parse("2026-01-01T00:00:00Z"),
  tags: { ...ownershipTags(uid, owner, role), [tagKeys.joined]: "yes" },
  ...changes,
});

const at = Date.parse("2026-01-01T00:10:00Z");

/** Nothing but the place. */
export const nothing = (changes: Partial<ObservedCluster> = {}): ObservedCluster => ({
  at,
  anchorTags: ownershipTags(uid, owner, "network"),
  account: "admin",
  domain: "ROOT",
  zoneName: "zone",
  networkName: `prod-${uid}`,
  created: "2026-01-01T00:00:00Z",
  machines: [],
  destroyed: [],
  followers: [],
  intents: {},
  apiFirewall: [],
  records: [],
  ...changes,
});

/** The cluster among Mold's, with these machines in it. */
export const record = (machines: readonly ObservedMachine[], changes: Partial<ObservedRecord> = {}): ObservedRecord => ({
  id: "record",
  description: `prod [ablestack-kubernetes ${uid}]`,
  versionId: "1.35.4",
  versionName: "v1.35.4-x86_64",
  controlCount: machines.filter(({ role }) => role === "control-plane").length,
  workerCount: machines.filter(({ role }) => role === "worker").length,
  machineIds: machines.map(({ id }) => id),
  goneIds: [],
  created: "2026-01-01T00:00:00+0000",
  ...changes,
});

/** All of it, as an undisturbed create leaves it. */
export function whole(controlPlanes = 3, workers = 3): ObservedCluster {
  const machines = [
    ...Array.from({ length: controlPlanes }, (_, index) => machine("control-plane", index + 1)),
    ...Array.from({ length: workers }, (_, index) => machine("worker", index + 1)),
  ];
  return nothing({
    anchorTags: { ...ownershipTags(uid, owner, "network"), [tagKeys.initialised]: uid, [tagKeys.generation]: "g1" },
    affinityGroupId: "group",
    machines,
    apiRule: {
      id: "rule",
      name: "prod-api",
      description: `Kubernetes API of prod [ablestack-kubernetes ${uid}]`,
      state: "Active",
      publicPort: 6443,
      privatePort: 6443,
      tags: ownershipTags(uid, owner, "api"),
      memberIds: machines.filter(({ role }) => role === "control-plane").map(({ id }) => id),
    },
    records: [record(machines)],
    apiFirewall: [{ id: "firewall", state: "Active", protocol: "tcp", startPort: 6443, endPort: 6443, cidrs: ["0.0.0.0/0"], tags: ownershipTags(uid, owner, "api") }],
  });
}

export const nodeOf = (name: string, cordoned = false): KubernetesNode => ({
  name,
  ready: true,
  version: "1.35.4",
  labels: {},
  annotations: { [agentAnnotation]: "joined 1.35.4", ...(cordoned ? { [cordonedBy(uid).annotation]: uid } : {}) },
  unschedulable: cordoned,
  pressures: [],
  runtime: "containerd://2.1.9",
  allocatable: { cpu: 2, memory: 4e9 },
});

/** Versions as Mold has them: `1.35.4`, or `1.35.4 Disabled`. */
export const registered = (...versions: string[]): KubernetesVersion[] =>
  versions.map((each) => {
    const [version, state] = each.split(" ") as [string, string?];
    return { id: version, version, isoId: `iso-${version}`, usable: state === undefined, ...(state ? { reason: `it is ${state}` } : {}), minCpus: 2, minMemoryMb: 2048 };
  });
