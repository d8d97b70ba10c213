import * as pulumi from "@pulumi/pulumi";
import { KubernetesCluster, LoadBalancer, NetworkRule } from "ablestack-kubernetes";

// Everything that changes in the cluster's life is configuration; lifecycle.sh goes through it, step by step.
const config = new pulumi.Config();

const cluster = new KubernetesCluster("life", {
  zone: config.get("zone") ?? "zone-1",
  version: config.get("version") ?? "1.34",
  template: config.get("template") ?? "debian-13-containerd",
  controlPlane: { count: config.getNumber("controlPlanes") ?? 3, offering: "k8s-2c-4g" },
  workers: { count: config.getNumber("workers") ?? 3, offering: "k8s-2c-4g" },
  powerState: config.getBoolean("stopped") ? "stopped" : "running",
  nodes: config.getObject("nodes"),
});

// Its members follow the workers: no step of the cluster's life is a change of this resource.
const web = new LoadBalancer("web", { cluster, publicPort: 80, privatePort: 30080, members: { role: "worker" } });
// A balancer lets nobody in by itself.
new NetworkRule("web", { cluster, kind: "firewall", protocol: "tcp", startPort: 80 });

export const kubeconfig = cluster.kubeconfig;
export const endpoint = cluster.endpoint;
export const nodes = cluster.nodes;
export const ingressIp = web.ipAddress;
