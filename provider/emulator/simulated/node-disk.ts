/**
 * What the node agent finds on a machine's disk: `node.env`, the certificates and kubeadm's configuration. Everything a
 * simulated machine ever does follows from this.
 */
import { parseAllDocuments } from "yaml";
import { certificateOf, isKeyOf } from "./certificates";
import type { CloudConfig } from "./user-data";

export type Role = "control-plane" | "worker";

/** What is on the disk, as far as it matters. Kept in the store, because the user data is scrubbed after the join. */
export type NodeDisk = {
  readonly nodeName: string;
  readonly role: Role;
  readonly action: "init" | "join";
  readonly version: string;
  readonly clusterUid: string;
  /** Where the agent asks whether a cluster is there. */
  readonly endpoint: string;
  /** Where kubeadm joins; the endpoint unless its configuration says otherwise. */
  readonly joinEndpoint: string;
  readonly caHash: string;
  readonly joinTimeoutMs: number;
  readonly caCertificate: string;
  /** Only on control planes. */
  readonly caKey?: string;
  /** The token that is made (init) or presented (join). */
  readonly token?: string;
  /** Lifetime of the token that is made, in milliseconds; 0: it never expires. */
  readonly tokenTtlMs: number;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  readonly clusterName: string;
  readonly taints?: readonly Taint[];
  readonly labels: { readonly [key: string]: string };
  readonly ignorePreflightErrors: readonly string[];
  /** A node of Mold's own service: its scripts make it a member, and no agent watches it afterwards. */
  readonly served?: boolean;
};

export type Taint = { readonly key: string; readonly value?: string; readonly effect: string };

/** Why the agent can't do anything with what is on the disk. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

export const ENV_FILE = "/etc/ablestack-kubernetes/node.env";
const KUBEADM_FILE = "/etc/ablestack-kubernetes/kubeadm.yaml";
const AGENT_FILE = "/usr/local/lib/ablestack-kubernetes/agent.sh";
const UNIT_FILE = "/etc/systemd/system/ablestack-kubernetes-agent.service";
const UNIT = "ablestack-kubernetes-agent";
const PKI = "/etc/kubernetes/pki";
const CONTROL_PLANE_FILES = ["ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.pub", "sa.key", "etcd/ca.crt", "etcd/ca.key"];
const DEFAULT_TOKEN_TTL = "24h0m0s";
const DEFAULT_JOIN_TIMEOUT_S = 900;

type Document = Record<string, unknown>;

function record(value: unknown): Document {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Document) : {};
}
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `KEY='value'` lines as a shell would take them. */
export function readEnv(source: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of source.split("\n")) {
    const match = /^\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)=(.*)$/.exec(line);
    if (!match) continue;
    const raw = (match[2] ?? "").trim();
    const quoted = /^'([^']*)'$/.exec(raw) ?? /^"([^"]*)"$/.exec(raw);
    values.set(match[1] ?? "", quoted?.[1] ?? raw);
  }
  return values;
}

/** A Go duration (`24h0m0s`, `90m`, `0`) in milliseconds. */
export function goDuration(source: string): number {
  if (/^0+$/.test(source)) return 0;
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  let total = 0;
  let rest = source;
  while (rest !== "") {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)/.exec(rest);
    if (!match) throw new DiskError(`kubeadm.yaml: "${source}" is not a duration`);
    total += Number(match[1]) * (units[match[2] ?? ""] ?? 0);
    rest = rest.slice(match[0].length);
  }
  return total;
}

interface Kubeadm {
  readonly registration: Document;
  readonly cluster: Document;
  readonly init: Document;
  readonly join: Document;
}

function readKubeadm(source: string): Kubeadm {
  const byKind = new Map<string, Document>();
  for (const document of parseAllDocuments(source)) {
    const errors = document.errors[0];
    if (errors) throw new DiskError(`kubeadm.yaml is not YAML: ${errors.message.split("\n")[0]}`);
    const value = record(document.toJS());
    const kind = text(value.kind);
    if (!kind) continue;
    // kubeadm 1.31 and later write v1beta4 and still read v1beta3; nothing else.
    if (/Configuration$/.test(kind) && String(value.apiVersion).startsWith("kubeadm.k8s.io/") && !/\/v1beta[34]$/.test(String(value.apiVersion)))
      throw new DiskError(`kubeadm.yaml: ${kind} has the apiVersion ${String(value.apiVersion)}, which this kubeadm does not read`);
    byKind.set(kind, value);
  }
  const init = byKind.get("InitConfiguration") ?? {};
  const join = byKind.get("JoinConfiguration") ?? {};
  return { init, join, cluster: byKind.get("ClusterConfiguration") ?? {}, registration: { ...record(init.nodeRegistration), ...record(join.nodeRegistration) } };
}

/** The value of one of the kubelet's extra arguments: a list of name and value in v1beta4, a mapping in v1beta3. */
function extraArgument(registration: Document, name: string): string | undefined {
  const args = registration.kubeletExtraArgs;
  if (Array.isArray(args)) return text(record(args.find((each) => record(each).name === name)).value);
  return text(record(args)[name]);
}

function labelsOf(registration: Document): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const pair of (extraArgument(registration, "node-labels") ?? "").split(",")) {
    const [key, value] = pair.split("=");
    if (key) labels[key] = value ?? "";
  }
  return labels;
}

function checkKey(certificate: string, key: string): void {
  const belongs = isKeyOf(key, certificate);
  if (belongs === undefined) throw new DiskError(`${PKI}/ca.key is not a private key`);
  if (!belongs) throw new DiskError(`${PKI}/ca.key does not belong to ${PKI}/ca.crt`);
}

/**
 * What the agent makes of the files that cloud-init wrote.
 * @returns undefined when the agent is not among them: the machine is an ordinary one.
 * @throws DiskError with what the agent or kubeadm would complain about.
 */
export function readNodeDisk(config: CloudConfig): NodeDisk | undefined {
  const env = config.files.get(ENV_FILE);
  if (env === undefined) return undefined;
  for (const path of [AGENT_FILE, UNIT_FILE, KUBEADM_FILE]) if (!config.files.has(path)) throw new DiskError(`${path} is missing`);
  if (!config.commands.some((command) => command.includes(UNIT))) throw new DiskError(`nothing in runcmd starts ${UNIT}`);

  const values = readEnv(env);
  const value = (key: string): string => {
    const found = values.get(key);
    if (!found) throw new DiskError(`${ENV_FILE}: ${key} is missing`);
    return found;
  };
  const role = value("ROLE");
  if (role !== "control-plane" && role !== "worker") throw new DiskError(`${ENV_FILE}: ROLE is "${role}", not control-plane or worker`);
  const action = value("ACTION");
  if (action !== "init" && action !== "join") throw new DiskError(`${ENV_FILE}: ACTION is "${action}", not init or join`);
  if (action === "init" && role === "worker") throw new DiskError(`${ENV_FILE}: a worker can't init`);
  const version = value("KUBERNETES_VERSION").replace(/^v/, "");
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new DiskError(`${ENV_FILE}: KUBERNETES_VERSION is "${version}", not like 1.35.4`);
  const timeout = Number(values.get("JOIN_TIMEOUT") ?? DEFAULT_JOIN_TIMEOUT_S);
  if (!(timeout > 0)) throw new DiskError(`${ENV_FILE}: JOIN_TIMEOUT is "${values.get("JOIN_TIMEOUT")}", not a number of seconds`);

  const needed = role === "control-plane" ? CONTROL_PLANE_FILES : ["ca.crt"];
  for (const file of needed) if (!config.files.get(`${PKI}/${file}`)) throw new DiskError(`${PKI}/${file} is missing`);
  const caCertificate = config.files.get(`${PKI}/ca.crt`) ?? "";
  const caKey = role === "control-plane" ? config.files.get(`${PKI}/ca.key`) : undefined;
  try {
    certificateOf(caCertificate);
  } catch {
    throw new DiskError(`${PKI}/ca.crt is not a certificate`);
  }
  if (caKey) checkKey(caCertificate, caKey);

  const kubeadm = readKubeadm(config.files.get(KUBEADM_FILE) ?? "");
  const wanted = action === "init" ? "ClusterConfiguration" : "JoinConfiguration";
  if (Object.keys(action === "init" ? kubeadm.cluster : kubeadm.join).length === 0) throw new DiskError(`kubeadm.yaml has no ${wanted}`);
  if (action === "join" && role === "control-plane" && kubeadm.join.controlPlane === undefined)
    throw new DiskError("kubeadm.yaml: the JoinConfiguration of a control plane has no controlPlane");
  const configured = text(kubeadm.cluster.kubernetesVersion)?.replace(/^v/, "");
  if (configured && configured !== version) throw new DiskError(`kubeadm.yaml asks for Kubernetes ${configured}, ${ENV_FILE} for ${version}`);

  const made = record(list(kubeadm.init.bootstrapTokens)[0]);
  const discovery = record(kubeadm.join.discovery);
  const presented = record(discovery.bootstrapToken);
  const token = action === "init" ? text(made.token) : (text(discovery.tlsBootstrapToken) ?? text(presented.token));
  if (token && !/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) throw new DiskError("kubeadm.yaml: the bootstrap token is not of the form abcdef.0123456789abcdef");
  const networking = record(kubeadm.cluster.networking);
  const endpoint = value("ENDPOINT");
  const pinned = list(presented.caCertHashes).map(String);
  const taints = kubeadm.registration.taints;

  return {
    nodeName: text(kubeadm.registration.name) ?? value("NODE_NAME"),
    role,
    action,
    version,
    clusterUid: value("CLUSTER_UID"),
    endpoint,
    joinEndpoint: text(presented.apiServerEndpoint) ?? endpoint,
    caHash: pinned[0] ?? value("CA_HASH"),
    joinTimeoutMs: timeout * 1000,
    caCertificate,
    caKey,
    token,
    tokenTtlMs: goDuration(text(made.ttl) ?? DEFAULT_TOKEN_TTL),
    podSubnet: text(networking.podSubnet) ?? "10.244.0.0/16",
    serviceSubnet: text(networking.serviceSubnet) ?? "10.96.0.0/12",
    clusterName: text(kubeadm.cluster.clusterName) ?? "kubernetes",
    taints: Array.isArray(taints) ? taints.map((each) => record(each) as Taint) : undefined,
    labels: labelsOf(kubeadm.registration),
    ignorePreflightErrors: list(kubeadm.registration.ignorePreflightErrors).map(String),
  };
}
