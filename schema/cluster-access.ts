/** The way into a cluster whose keys Mold has made: read once it is there, and apart from what changes, so that it stays known in every preview. */
import { caCertificate, kubeconfig, kubeconfigExpires, uid } from "./cluster-outputs";
import { clusterName, connectionName, management } from "./kubernetes-cluster";
import type { Properties } from "./property";
import type { Resource } from "./resource";
import { endpointOutputs } from "./cluster-endpoint";

export const accessOutputs: Properties = { caCertificate, kubeconfig, kubeconfigExpires };

const { networkId, networkOwned } = endpointOutputs;

export const clusterAccess: Resource = {
  name: "ClusterAccess",
  kind: "internal",
  description: "Kubeconfig and authority of a cluster that Mold's own Kubernetes service runs.",
  inputs: {
    uid: { ...uid, required: true, change: "replace", format: "uid" },
    name: clusterName,
    connection: connectionName,
    management,
    networkId: { ...networkId!, required: true, change: "replace" },
    networkOwned: { ...networkOwned!, required: true, change: "replace" },
  },
  outputs: accessOutputs,
  example: { uid: "k3v9x0a2m7qd", name: "prod", networkId: "7c2d5a5e-0b7e-4d6c-9f6d-0d6a4b0d4b7a", networkOwned: true },
};
