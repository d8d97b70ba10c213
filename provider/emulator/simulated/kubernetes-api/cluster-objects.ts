/** What `kubeadm init` and the first minutes of a cluster leave behind, whatever its nodes. */
import { createHmac } from "node:crypto";
import { stringify } from "yaml";
import { addressIn, furnishNamespace } from "./admission";
import { listIn, objectIn, stringIn, type JsonObject, type KubernetesObject, type ObjectStore } from "./objects";
import { kinds, type Resource } from "./resources";

export interface ClusterFacts {
  readonly name: string;
  readonly endpoint: string;
  readonly caCertificate: string;
  readonly version: string;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
}

/** The images that kubeadm deploys beside Kubernetes' own, by minor version (`kubeadm config images list`). */
const companions: Readonly<Record<string, { readonly etcd: string; readonly coredns: string; readonly pause: string }>> = {
  "1.34": { etcd: "3.6.5-0", coredns: "v1.12.1", pause: "3.10.1" },
  "1.35": { etcd: "3.6.6-0", coredns: "v1.13.1", pause: "3.10.1" },
  "1.36": { etcd: "3.6.8-0", coredns: "v1.14.2", pause: "3.10.2" },
};
export function companionsOf(version: string): { readonly etcd: string; readonly coredns: string; readonly pause: string } {
  return companions[version.split(".").slice(0, 2).join(".")] ?? { etcd: "3.6.8-0", coredns: "v1.14.2", pause: "3.10.2" };
}

const REGISTRY = "registry.k8s.io";

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** The Secret that a bootstrap token is: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/ */
export function tokenSecret(token: string, expires: number | undefined): JsonObject & { metadata: JsonObject } {
  const [id = "", secret = ""] = token.split(".");
  const data: Record<string, string> = {
    "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    "token-id": id,
    "token-secret": secret,
    "usage-bootstrap-authentication": "true",
    "usage-bootstrap-signing": "true",
  };
  if (expires !== undefined) data.expiration = new Date(expires).toISOString().replace(/\.\d+Z$/, "Z");
  return { metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" }, type: "bootstrap.kubernetes.io/token", data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])) };
}

function clusterInfo(facts: ClusterFacts): string {
  return stringify({
    apiVersion: "v1", kind: "Config", "current-context": "", contexts: null, preferences: {}, users: null,
    clusters: [{ name: "", cluster: { "certificate-authority-data": base64(facts.caCertificate), server: `https://${facts.endpoint}` } }],
  });
}

function daemonSet(name: string, namespace: string, image: string, args: readonly string[]): JsonObject & { metadata: JsonObject } {
  const labels = { "k8s-app": name };
  return {
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { hostNetwork: true, priorityClassName: "system-node-critical", serviceAccountName: name, containers: [{ name, image, command: [...args] }], tolerations: [{ operator: "Exists" }] } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    },
    status: {},
  };
}

function clusterConfiguration(facts: ClusterFacts): string {
  return stringify({
    apiVersion: "kubeadm.k8s.io/v1beta4", kind: "ClusterConfiguration", clusterName: facts.name, controlPlaneEndpoint: facts.endpoint, kubernetesVersion: `v${facts.version}`,
    networking: { dnsDomain: "cluster.local", podSubnet: facts.podSubnet, serviceSubnet: facts.serviceSubnet },
  });
}
const corednsImage = (facts: ClusterFacts): string => `${REGISTRY}/coredns/coredns:${companionsOf(facts.version).coredns}`;
const kubeProxyImage = (facts: ClusterFacts): string => `${REGISTRY}/kube-proxy:v${facts.version}`;

/** Kubeadm's own record of the cluster. */
export function recordVersion(store: ObjectStore, facts: ClusterFacts): void {
  store.change(kinds.configMap, "kube-system", "kubeadm-config", (map) => {
    map.data = { ...objectIn(map, "data"), ClusterConfiguration: clusterConfiguration(facts) };
  });
}

/** The add-ons' images. */
export function renewAddons(store: ObjectStore, facts: ClusterFacts): void {
  const image = (resource: Resource, name: string, to: string): void => {
    store.change(resource, "kube-system", name, (object) => {
      const spec = objectIn(object, "spec");
      const template = objectIn(spec, "template");
      const podSpec = objectIn(template, "spec");
      const containers = (listIn(podSpec, "containers") as JsonObject[]).map((each) => ({ ...each, image: to }));
      object.spec = { ...spec, template: { ...template, spec: { ...podSpec, containers } } };
    });
  };
  image(kinds.deployment, "coredns", corednsImage(facts));
  image(kinds.daemonSet, "kube-proxy", kubeProxyImage(facts));
}

/** Makes the objects of a new cluster. */
export function furnishCluster(store: ObjectStore, facts: ClusterFacts): void {
  const add = (resource: Resource, object: JsonObject & { metadata: JsonObject }): KubernetesObject => store.add(resource, object);
  for (const name of ["default", "kube-node-lease", "kube-public", "kube-system", "kube-flannel"]) {
    add(kinds.namespace, { metadata: { name, labels: { "kubernetes.io/metadata.name": name } }, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } });
    furnishNamespace(store, name, facts.caCertificate);
  }
  add(kinds.service, {
    metadata: { name: "kubernetes", namespace: "default", labels: { component: "apiserver", provider: "kubernetes" } },
    spec: { type: "ClusterIP", clusterIP: addressIn(facts.serviceSubnet, 1), ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }], sessionAffinity: "None" },
    status: { loadBalancer: {} },
  });
  add(kinds.service, {
    metadata: { name: "kube-dns", namespace: "kube-system", labels: { "k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS" } },
    spec: { type: "ClusterIP", clusterIP: addressIn(facts.serviceSubnet, 10), selector: { "k8s-app": "kube-dns" }, ports: [{ name: "dns", port: 53, protocol: "UDP", targetPort: 53 }, { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 }, { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 }], sessionAffinity: "None" },
    status: { loadBalancer: {} },
  });
  add(kinds.configMap, { metadata: { name: "kubeadm-config", namespace: "kube-system" }, data: { ClusterConfiguration: clusterConfiguration(facts) } });
  const kubelet = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration", cgroupDriver: "systemd", clusterDNS: [addressIn(facts.serviceSubnet, 10)], clusterDomain: "cluster.local", rotateCertificates: true };
  add(kinds.configMap, { metadata: { name: "kubelet-config", namespace: "kube-system" }, data: { kubelet: stringify(kubelet) } });
  add(kinds.configMap, { metadata: { name: "kube-proxy", namespace: "kube-system" }, data: { "config.conf": stringify({ apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration", clusterCIDR: facts.podSubnet }) } });
  add(kinds.configMap, { metadata: { name: "coredns", namespace: "kube-system" }, data: { Corefile: ".:53 {\n    errors\n    health\n    ready\n    kubernetes cluster.local in-addr.arpa ip6.arpa\n    forward . /etc/resolv.conf\n    cache 30\n}\n" } });
  add(kinds.configMap, { metadata: { name: "cluster-info", namespace: "kube-public" }, data: { kubeconfig: clusterInfo(facts) } });
  add(kinds.clusterRoleBinding, {
    metadata: { name: "kubeadm:cluster-admins" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "kubeadm:cluster-admins" }],
  });
  for (const [namespace, name] of [["kube-system", "coredns"], ["kube-system", "kube-proxy"], ["kube-flannel", "kube-flannel-ds"]] as const) add(kinds.serviceAccount, { metadata: { name, namespace } });

  const dns = { "k8s-app": "kube-dns" };
  add(kinds.deployment, {
    metadata: { name: "coredns", namespace: "kube-system", labels: dns },
    spec: {
      replicas: 2,
      selector: { matchLabels: dns },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: "25%" } },
      template: {
        metadata: { labels: dns },
        spec: {
          priorityClassName: "system-cluster-critical", serviceAccountName: "coredns", dnsPolicy: "Default",
          containers: [{ name: "coredns", image: corednsImage(facts), args: ["-conf", "/etc/coredns/Corefile"], resources: { requests: { cpu: "100m", memory: "70Mi" }, limits: { memory: "170Mi" } } }],
          tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }, { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
        },
      },
    },
    status: {},
  });
  add(kinds.daemonSet, daemonSet("kube-proxy", "kube-system", kubeProxyImage(facts), ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf"]));
  add(kinds.daemonSet, daemonSet("kube-flannel-ds", "kube-flannel", "ghcr.io/flannel-io/flannel:v0.28.0", ["/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr"]));
}

/**
 * `cluster-info` with a detached JWS per token, as the bootstrap signer keeps it; made when somebody reads it.
 * https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#configmap-signing
 */
export function signClusterInfo(object: KubernetesObject, store: ObjectStore, now: number): KubernetesObject {
  const data = objectIn(object, "data");
  const payload = Buffer.from(stringIn(data, "kubeconfig") ?? "").toString("base64url");
  const signed: JsonObject = { kubeconfig: data.kubeconfig };
  for (const secret of store.list(kinds.secret, "kube-system")) {
    if (secret.type !== "bootstrap.kubernetes.io/token") continue;
    const read = (key: string): string => Buffer.from(stringIn(objectIn(secret, "data"), key) ?? "", "base64").toString();
    if (read("usage-bootstrap-signing") !== "true" || (read("expiration") !== "" && Date.parse(read("expiration")) <= now)) continue;
    const header = Buffer.from(JSON.stringify({ alg: "HS256", kid: read("token-id") })).toString("base64url");
    const signature = createHmac("sha256", `${read("token-id")}.${read("token-secret")}`).update(`${header}.${payload}`).digest("base64url");
    signed[`jws-kubeconfig-${read("token-id")}`] = `${header}..${signature}`;
  }
  return { ...object, data: signed };
}
