import * as pulumi from "@pulumi/pulumi";
import { HighlyAvailableCluster } from "ablestack-kubernetes";

// What differs from stack to stack is configuration, with what the embedded Mold has as defaults: pulumi config set workers 5
const config = new pulumi.Config();

const ha = new HighlyAvailableCluster("ha", {
  zone: config.get("zone") ?? "zone-1",
  version: config.get("version") ?? "1.35",
  template: config.get("template") ?? "debian-13-containerd",
  controlPlane: { count: 3, offering: config.get("offering") ?? "k8s-2c-4g" },
  workers: { count: config.getNumber("workers") ?? 3, offering: config.get("offering") ?? "k8s-2c-4g" },
  // Ports 80 and 443 lead to NodePorts 30080 and 30443 of the workers: install an ingress controller there.
  ingress: { cidrList: ["0.0.0.0/0"] },
  // SSH to the first control plane, for people: the library itself never uses it.
  firewallRules: { ssh: { protocol: "tcp", startPort: 2222, cidrList: config.getObject<string[]>("sshFrom") ?? ["127.0.0.0/8"] } },
  portForwards: { ssh: { protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "ha-control-1" } } },
});

export const kubeconfig = ha.kubeconfig;
export const endpoint = ha.endpoint;
export const nodes = ha.nodes;
export const ingressIp = ha.ingressIp;
