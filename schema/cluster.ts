/** The machines of a cluster and what serves them: everything of KubernetesCluster that its identity and its endpoint don't hold. */
import { endpointOutputs } from "./cluster-endpoint";
import { identityOutputs, userOutputs } from "./cluster-identity";
import { clusterFacts } from "./cluster-outputs";
import { clusterRules } from "./cluster-rules";
import { clusterInputs, kubernetesCluster } from "./kubernetes-cluster";
import type { Json, ObjectProperty, Properties } from "./property";
import type { Resource } from "./resource";

/** What one resource gives out, as another takes it in. */
const takenIn = (typeName: string, description: string, outputs: Properties): ObjectProperty => ({
  type: "object",
  typeName,
  description,
  required: true,
  change: "replace",
  properties: Object.fromEntries(Object.entries(outputs).map(([name, property]) => [name, { ...property, required: property.required !== false }])),
});

/** The keys of one that is taken over come with its identity. */
const { adoptIdentity: _adoptIdentity, ...machineInputs } = clusterInputs;

/** All that machines and the core need. */
const machineIdentity: Properties = Object.fromEntries(Object.entries(identityOutputs).filter(([name]) => !Object.hasOwn(userOutputs, name)));

const placeholders = (outputs: Properties): Record<string, Json> =>
  Object.fromEntries(Object.entries(outputs).map(([name, property]) => [name, property.example ?? "-----BEGIN …"]));

export const cluster: Resource = {
  name: "Cluster",
  kind: "internal",
  description: "The machines of a cluster, the balancer rule and the firewall rule of its API, and its affinity group.",
  inputs: {
    ...machineInputs,
    identity: takenIn("ClusterIdentityOutputs", "Outputs of the cluster's ClusterIdentity.", machineIdentity),
    endpoint: takenIn("ClusterEndpointOutputs", "All outputs of the cluster's ClusterEndpoint.", endpointOutputs),
  },
  outputs: clusterFacts,
  rules: clusterRules,
  example: { name: "prod", ...kubernetesCluster.example, identity: placeholders(machineIdentity), endpoint: placeholders(endpointOutputs) },
};
