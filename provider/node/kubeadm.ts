/** kubeadm's documents, v1beta4 (https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/). */
import { caHash } from "../kubernetes/certificates";
import { registryKubeletArguments } from "./containerd";
import { places, type ControlPlaneBootstrap, type NodeBootstrap } from "./spec";
import { yamlText, type YamlValue } from "./yaml-text";

const apiVersion = "kubeadm.k8s.io/v1beta4";

/** `203.0.113.7` of `203.0.113.7:6443`, `2001:db8::7` of `[2001:db8::7]:6443`. */
const hostOf = (endpoint: string): string => endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");

function nodeRegistration(spec: NodeBootstrap): YamlValue {
  const kubeletExtraArgs = registryKubeletArguments(spec.privateRegistry);
  return {
    name: spec.nodeName,
    criSocket: "unix:///run/containerd/containerd.sock",
    // The images come with the ISO; a pull is what is left where one is missing.
    imagePullPolicy: "IfNotPresent",
    kubeletExtraArgs: kubeletExtraArgs.length > 0 ? kubeletExtraArgs : undefined,
    // A worker's CA is there before kubeadm, which would have written the same one after it had checked its hash, and takes a file
    // that is there for the rest of another cluster (cmd/kubeadm/app/preflight/checks.go, JoinNodeChecks).
    // SystemVerification, which a machine on cgroup v1 fails, is no part of this: the agent ignores it on such a machine only.
    ignorePreflightErrors: spec.role === "worker" ? ["FileAvailable--etc-kubernetes-pki-ca.crt"] : undefined,
  };
}

/** What the agent puts here holds for one machine only (`failCgroupV1: false` on one with cgroup v1), so that no other is weakened by it. */
const patches = { directory: places.patches };

function initConfiguration(spec: ControlPlaneBootstrap): YamlValue {
  return {
    apiVersion,
    kind: "InitConfiguration",
    bootstrapTokens: [
      {
        token: spec.token,
        ttl: `${spec.tokenTtlSeconds}s`,
        usages: ["signing", "authentication"],
        groups: ["system:bootstrappers:kubeadm:default-node-token"],
        description: "ablestack-kubernetes: joins the machines of the first create",
      },
    ],
    nodeRegistration: nodeRegistration(spec),
    // Spelled out, because the balancer's members answer there whatever port clients see.
    localAPIEndpoint: { bindPort: 6443 },
    patches,
  };
}

/**
 * How an API server ends when its machine is upgraded or stopped. By itself it waits for open watches until it is killed after 30 s. So it says that it is not
 * ready and serves on for a few seconds, in which kube-proxy leads clients in the cluster elsewhere, and answers what still comes with `Retry-After`; then
 * it is gone within two seconds (kubernetes, staging/src/k8s.io/apiserver/pkg/server/genericapiserver.go).
 */
const apiServerShutdown: YamlValue = [
  { name: "shutdown-delay-duration", value: "3s" },
  { name: "shutdown-send-retry-after", value: "true" },
];

function clusterConfiguration(spec: ControlPlaneBootstrap): YamlValue {
  return {
    apiVersion,
    kind: "ClusterConfiguration",
    clusterName: spec.clusterUid,
    kubernetesVersion: `v${spec.kubernetesVersion}`,
    controlPlaneEndpoint: spec.endpoint,
    apiServer: { certSANs: [hostOf(spec.endpoint)], extraArgs: apiServerShutdown },
    networking: { podSubnet: spec.podCidr, serviceSubnet: spec.serviceCidr },
  };
}

/**
 * For every kubelet of the cluster. `rotateCertificates` renews client certificates without anybody. Not `serverTLSBootstrap`: its
 * requests wait for somebody who approves them, and until then `kubectl logs` and `exec` do not work.
 */
const kubeletConfiguration: YamlValue = {
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  cgroupDriver: "systemd",
  rotateCertificates: true,
};

function joinConfiguration(spec: NodeBootstrap): YamlValue {
  return {
    apiVersion,
    kind: "JoinConfiguration",
    discovery: {
      bootstrapToken: {
        token: spec.token,
        apiServerEndpoint: spec.endpoint,
        caCertHashes: [caHash(spec.certificates.caCertificate)],
      },
    },
    nodeRegistration: nodeRegistration(spec),
    // No certificateKey: the shared certificates are files already (phases/certs/certs.go, SharedCertificateExists).
    controlPlane: spec.role === "control-plane" ? { localAPIEndpoint: { bindPort: 6443 } } : undefined,
    patches,
    // One attempt is short: the agent asks the endpoint first and repeats with a backoff of its own.
    timeouts: { discovery: "1m0s" },
  };
}

/** What goes to `kubeadm init --config` or `kubeadm join --config`. Holds the token. */
export function kubeadmConfiguration(spec: NodeBootstrap): string {
  const documents = spec.role === "control-plane" && spec.action === "init" ? [initConfiguration(spec), clusterConfiguration(spec), kubeletConfiguration] : [joinConfiguration(spec)];
  return documents.map((document) => yamlText(document as Parameters<typeof yamlText>[0])).join("---\n");
}
