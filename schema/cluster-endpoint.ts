/** Where a cluster lives: its network and public address, made after the identity and before the first machine. */
import { endpoint, networkId, networkName, publicIpAddress, publicIpAddressId, uid, zoneId, zoneName } from "./cluster-outputs";
import { adopt, adoptId, clusterName, connectionName, externalLoadBalancerIp, management, network, networkOffering, zone } from "./kubernetes-cluster";
import type { Properties } from "./property";
import type { Resource } from "./resource";

export const endpointOutputs: Properties = {
  networkId,
  networkName,
  networkOwned: { type: "boolean", description: "Whether the network was made for the cluster and goes with it.", stable: true, example: true },
  networkCidr: { type: "string", description: "IPv4 network of the machines.", stable: true, example: "10.1.1.0/24" },
  // On a shared network there is none.
  publicIpAddressId: { ...publicIpAddressId, allowEmpty: true },
  publicIpAddress,
  zoneId,
  zoneName,
  endpoint,
};

export const clusterEndpoint: Resource = {
  name: "ClusterEndpoint",
  kind: "internal",
  description: "Network and public address of a cluster: they stay as they are whatever changes in place, so that the kubeconfig does.",
  inputs: {
    uid: { ...uid, required: true, change: "replace", format: "uid" },
    name: clusterName,
    connection: connectionName,
    zone,
    network,
    networkOffering,
    externalLoadBalancerIp,
    management,
    adopt,
    adoptId,
  },
  outputs: endpointOutputs,
  example: { uid: "k3v9x0a2m7qd", name: "prod", zone: "zone-1" },
};
