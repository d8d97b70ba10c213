/** A small cloud around the simulated hypervisor: machines by name, one public address, user data by hand. */
import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import type { DirectResponse, HypervisorContext, IsoSpec, Json, MachineFaultKind, MachineSpec, PublicExposure } from "../../../provider/emulator/hypervisor";
import { createSimulatedHypervisor, type SimulatedHypervisor } from "../../../provider/emulator/simulated";
import { createClusterCertificates, type ClusterCertificates } from "../../../provider/kubernetes/certificates";
import { certificateHash } from "../../../provider/emulator/simulated/certificates";
import { VirtualClock } from "../virtual-clock";

export const VERSION = "1.35.4";
export const TOKEN = "abcdef.0123456789abcdef";

let made: Promise<ClusterCertificates> | undefined;
/** One identity for all tests of a file: making keys is what takes time. */
export function identity(): Promise<ClusterCertificates> {
  return (made ??= createClusterCertificates({ uid: "u1u1u1u1u1u1", now: Date.now() }));
}
export function anotherIdentity(): Promise<ClusterCertificates> {
  return createClusterCertificates({ uid: "u2u2u2u2u2u2", now: Date.now() });
}

export interface NodeOptions {
  readonly certificates: ClusterCertificates;
  readonly name: string;
  readonly action?: "init" | "join";
  readonly role?: "control-plane" | "worker";
  readonly version?: string;
  readonly token?: string;
  readonly ttl?: string;
  readonly endpoint: string;
  readonly joinTimeout?: number;
  readonly caHash?: string;
  /** Left out of the files, to see what the agent says. */
  readonly without?: string;
  readonly packed?: boolean;
}

/** User data as the brief's contract has it, written independently of the library's own writer. */
export function userData(options: NodeOptions): string {
  const { certificates, name, action = "join", role = "worker", version = VERSION, token = TOKEN, endpoint } = options;
  const caHash = options.caHash ?? certificateHash(certificates.caCertificate);
  const env = { NODE_NAME: name, ROLE: role, ACTION: action, KUBERNETES_VERSION: version, CLUSTER_UID: "u1u1u1u1u1u1", ENDPOINT: endpoint, CA_HASH: caHash, JOIN_TIMEOUT: String(options.joinTimeout ?? 900) };
  const registration = { name };
  const documents =
    action === "init"
      ? [
          { apiVersion: "kubeadm.k8s.io/v1beta4", kind: "InitConfiguration", bootstrapTokens: [{ token, ttl: options.ttl ?? "24h0m0s" }], nodeRegistration: registration },
          { apiVersion: "kubeadm.k8s.io/v1beta4", kind: "ClusterConfiguration", kubernetesVersion: `v${version}`, controlPlaneEndpoint: endpoint, networking: { podSubnet: "10.244.0.0/16", serviceSubnet: "10.96.0.0/12" } },
          { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" },
        ]
      : [{ apiVersion: "kubeadm.k8s.io/v1beta4", kind: "JoinConfiguration", discovery: { bootstrapToken: { token, apiServerEndpoint: endpoint, caCertHashes: [caHash] } }, nodeRegistration: registration, ...(role === "control-plane" ? { controlPlane: {} } : {}) }];
  const pki = "/etc/kubernetes/pki";
  const files: Record<string, string> = {
    "/etc/ablestack-kubernetes/node.env": Object.entries(env).map(([key, value]) => `${key}='${value}'\n`).join(""),
    "/etc/ablestack-kubernetes/kubeadm.yaml": documents.map((document) => stringify(document)).join("---\n"),
    "/usr/local/lib/ablestack-kubernetes/agent.sh": "#!/bin/bash\n",
    "/etc/systemd/system/ablestack-kubernetes-agent.service": "[Service]\n",
    [`${pki}/ca.crt`]: certificates.caCertificate,
    ...(role === "control-plane" && {
      [`${pki}/ca.key`]: certificates.caKey,
      [`${pki}/front-proxy-ca.crt`]: certificates.frontProxyCaCertificate,
      [`${pki}/front-proxy-ca.key`]: certificates.frontProxyCaKey,
      [`${pki}/sa.pub`]: certificates.serviceAccountPublicKey,
      [`${pki}/sa.key`]: certificates.serviceAccountKey,
      [`${pki}/etcd/ca.crt`]: certificates.etcdCaCertificate,
      [`${pki}/etcd/ca.key`]: certificates.etcdCaKey,
    }),
  };
  if (options.without) delete files[options.without];
  // All three encodings occur, so that all are read.
  const write_files = Object.entries(files).map(([path, content], index) => {
    if (index % 3 === 1) return { path, encoding: "b64", content: Buffer.from(content).toString("base64") };
    return index % 3 === 2 ? { path, encoding: "gz+b64", content: gzipSync(content).toString("base64") } : { path, content };
  });
  const text = `#cloud-config\n${stringify({ write_files, runcmd: [["systemctl", "enable", "--now", "ablestack-kubernetes-agent.service"]] })}`;
  return (options.packed ? gzipSync(text) : Buffer.from(text)).toString("base64");
}

export function isoOf(version: string): IsoSpec {
  return { id: `iso-${version}`, name: `v${version}-kubernetes-iso`, version };
}

/** What a store file would hold: outlives the hypervisor. */
export class Shelf {
  readonly values = new Map<string, string>();
  writes = 0;
}

export interface CloudOptions {
  readonly shelf?: Shelf;
  readonly clock?: VirtualClock;
  readonly listen?: boolean;
  readonly address?: string;
  readonly port?: number;
}

export class SmallCloud {
  readonly clock: VirtualClock;
  readonly shelf: Shelf;
  readonly events: { readonly type: string; readonly text: string }[] = [];
  readonly faults: { kind: MachineFaultKind; name: string; count: number }[] = [];
  readonly hypervisor: SimulatedHypervisor;
  readonly address: string;
  readonly port: number;
  readonly specs = new Map<string, MachineSpec>();
  members: string[] = [];
  cidrs: readonly string[] = ["0.0.0.0/0"];
  private counter = 0;

  constructor(options: CloudOptions = {}) {
    this.clock = options.clock ?? new VirtualClock(Date.parse("2026-12-01T00:00:00Z"));
    this.shelf = options.shelf ?? new Shelf();
    this.address = options.address ?? "127.80.0.3";
    this.port = options.port ?? 6443;
    const { values } = this.shelf;
    const context: HypervisorContext = {
      clock: this.clock,
      uuid: () => `00000000-0000-4000-8000-${(++this.counter).toString(16).padStart(12, "0")}`,
      emit: (event) => void this.events.push(event),
      persist: (key, value) => {
        this.shelf.writes++;
        if (value === undefined) values.delete(key);
        else values.set(key, JSON.stringify(value));
      },
      load: (key) => (values.has(key) ? (JSON.parse(values.get(key) ?? "") as Json) : undefined),
      keys: (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)).sort(),
      faultFor: (kind, name) => {
        const found = this.faults.find((fault) => fault.kind === kind && fault.name === name && fault.count > 0);
        if (found) found.count--;
        return found !== undefined;
      },
      onStopped: () => undefined,
      listen: options.listen ?? false,
      publicRange: "127.80.0.0/24",
    };
    this.hypervisor = createSimulatedHypervisor(context);
    if (!options.shelf) this.hypervisor.restore([]);
  }

  get endpoint(): string {
    return `${this.address}:${this.port}`;
  }

  /** A machine's spec; guest addresses count up from 10.1.1.11 in the order of asking. */
  spec(name: string, data: string | undefined, extra: Partial<MachineSpec> = {}): MachineSpec {
    const spec: MachineSpec = {
      id: `machine-${name}`, instanceName: `i-2-${this.specs.size}-VM`, name, hostname: name, guestIp: `10.1.1.${11 + this.specs.size}`, networkId: "net", gateway: "10.1.1.1", networkCidr: "10.1.1.0/24",
      cpu: 2, memoryMb: 4096, userData: data, iso: isoOf(VERSION), templateName: "debian-12", sshPublicKeys: [], hostName: "host-1", ...extra,
    };
    this.specs.set(name, spec);
    return spec;
  }

  rules(): PublicExposure[] {
    const targets = this.members.map((name) => ({ machineId: `machine-${name}`, guestIp: this.specs.get(name)?.guestIp ?? "", privatePort: 6443 }));
    return [{ address: this.address, port: this.port, protocol: "tcp", kind: "loadBalancer", ruleId: "rule", networkId: "net", allowedCidrs: this.cidrs, targets }];
  }
  expose(): void {
    this.hypervisor.exposure(this.rules());
  }

  /** Starts a node, and puts a control plane behind the balancer. */
  async node(name: string, options: Partial<NodeOptions> = {}, extra: Partial<MachineSpec> = {}): Promise<void> {
    const role = options.role ?? (name.includes("control") ? "control-plane" : "worker");
    const certificates = options.certificates ?? (await identity());
    const spec = this.spec(name, userData({ certificates, name, role, action: name.endsWith("control-1") ? "init" : "join", endpoint: this.endpoint, ...options }), extra);
    if (role === "control-plane") this.members.push(name);
    this.expose();
    this.hypervisor.start(spec);
  }

  id(name: string): string {
    return `machine-${name}`;
  }
  console(name: string): string {
    return this.hypervisor.console(this.id(name)).join("\n");
  }

  async request(method: string, path: string, options: { body?: unknown; type?: string; certificate?: string | null; headers?: Record<string, string> } = {}): Promise<DirectResponse | undefined> {
    const certificate = options.certificate === undefined ? (await identity()).adminCertificate : (options.certificate ?? undefined);
    return this.hypervisor.request(this.address, this.port, {
      method, path, headers: { "content-type": options.type ?? "application/json", ...options.headers }, body: options.body === undefined ? undefined : typeof options.body === "string" ? options.body : JSON.stringify(options.body), clientCertificate: certificate,
    });
  }
  /** The body of an answer as JSON; throws when nobody answers. */
  async json<T = Record<string, never>>(method: string, path: string, options: Parameters<SmallCloud["request"]>[2] = {}): Promise<T> {
    const answer = await this.request(method, path, options);
    if (!answer) throw new Error(`nobody answers at ${this.endpoint}`);
    return JSON.parse(answer.body) as T;
  }
  /** `name: Ready` for every node, sorted by name. */
  async nodes(): Promise<Record<string, string>> {
    const list = await this.json<{ items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[] }>("GET", "/api/v1/nodes");
    return Object.fromEntries(list.items.map((node) => [node.metadata.name, node.status.conditions.find((each) => each.type === "Ready")?.status === "True" ? "Ready" : "NotReady"]));
  }
  async statusOf(method: string, path: string, options: Parameters<SmallCloud["request"]>[2] = {}): Promise<number | undefined> {
    return (await this.request(method, path, options))?.status;
  }
}

/** Three control planes and two workers, all started at once, and the time until all are Ready. */
export async function bootCluster(cloud: SmallCloud): Promise<void> {
  for (const name of ["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-1", "prod-worker-2"]) await cloud.node(name);
  cloud.clock.pass(60_000);
}
