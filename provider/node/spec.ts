/** What one machine has to know to become a node. */
import type { ClusterCertificates } from "../kubernetes/certificates";

/** A registry of one's own; with neither username nor password it is asked without credentials. */
export interface PrivateRegistry {
  /** `https://registry.example.com:5000`; without a scheme https is meant, `http://` is taken at its word. A path narrows the images that it is asked for. */
  readonly url: string;
  readonly username?: string;
  /** A secret. */
  readonly password?: string;
}

interface Bootstrap {
  /** The machine's name; the node gets the same. A DNS label. */
  readonly nodeName: string;
  /** Exact: `1.35.4`. At least 1.31, where kubeadm began to read v1beta4. */
  readonly kubernetesVersion: string;
  readonly clusterUid: string;
  /** Address and port of the API as clients see it: `203.0.113.7:6443`. */
  readonly endpoint: string;
  /** Join token; a secret until it expires. */
  readonly token: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly privateRegistry?: PrivateRegistry;
  /** How long the machine waits (for the ISO, for the endpoint, for kubeadm) before it reports a failure and begins a new round. Seconds. */
  readonly joinTimeoutSeconds: number;
}

export interface ControlPlaneBootstrap extends Bootstrap {
  readonly role: "control-plane";
  /** `init`: the first one of a cluster that was never initialised. It refuses when the endpoint already answers under our CA. */
  readonly action: "init" | "join";
  /** How long the token of `init` lives, seconds. */
  readonly tokenTtlSeconds: number;
  /** Everything that control planes share, so that no certificate key has to be passed around. */
  readonly certificates: Omit<ClusterCertificates, "adminCertificate" | "adminKey">;
}

export interface WorkerBootstrap extends Bootstrap {
  readonly role: "worker";
  readonly action: "join";
  /** Only this is read, whatever else is handed in. */
  readonly certificates: Pick<ClusterCertificates, "caCertificate">;
}

export type NodeBootstrap = ControlPlaneBootstrap | WorkerBootstrap;

/** Where things are on a machine. The agent and the simulated machine know the same places. */
export const places = {
  settings: "/etc/ablestack-kubernetes",
  environment: "/etc/ablestack-kubernetes/node.env",
  kubeadm: "/etc/ablestack-kubernetes/kubeadm.yaml",
  /** kubeadm patches that the agent makes: what holds for this machine only, and how soon what runs a control plane is looked at. */
  patches: "/etc/ablestack-kubernetes/patches",
  containerd: "/etc/ablestack-kubernetes/containerd.toml",
  pki: "/etc/kubernetes/pki",
  agent: "/usr/local/lib/ablestack-kubernetes/agent.sh",
  upgrade: "/usr/local/lib/ablestack-kubernetes/upgrade.sh",
  certificates: "/usr/local/lib/ablestack-kubernetes/certificates.sh",
  addons: "/usr/local/lib/ablestack-kubernetes/addons.sh",
  unit: "/etc/systemd/system/ablestack-kubernetes-agent.service",
} as const;

export const agentUnitName = "ablestack-kubernetes-agent.service";

/** One file that a machine gets at its first boot. */
export interface MachineFile {
  readonly path: string;
  /** Octal: `0600`. */
  readonly permissions: string;
  readonly content: string;
}
