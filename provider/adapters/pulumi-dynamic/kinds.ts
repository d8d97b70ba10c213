/**
 * Which handler serves which kind of resource. Whoever serves a cluster needs them all, and they share nearly all that they load (one
 * alone 100 files, all of them a few more): `import()` would save nothing, and costs each process 40 ms for Node's loader of ES modules.
 */
import { cluster } from "../../handlers/cluster";
import { clusterAccess } from "../../handlers/cluster-access";
import { clusterEndpoint } from "../../handlers/cluster-endpoint";
import { clusterIdentity } from "../../handlers/cluster-identity";
import type { Declared, Handler } from "../../handlers/handler";
import { loadBalancer } from "../../handlers/load-balancer";
import { networkRule } from "../../handlers/network-rule";

/** Each handler knows its own inputs and outputs; what passes through here is not looked into. */
export type AnyHandler = Handler<Declared & Record<string, unknown>, Record<string, unknown>>;

const handlers = { ClusterIdentity: clusterIdentity, ClusterEndpoint: clusterEndpoint, Cluster: cluster, ClusterAccess: clusterAccess, NetworkRule: networkRule, LoadBalancer: loadBalancer } as const;

export type Kind = keyof typeof handlers;

export function handlerOf(kind: string): AnyHandler {
  if (!Object.hasOwn(handlers, kind)) {
    throw new Error(`the installed release of ablestack-kubernetes does not know resources of kind ${kind}: the state was written by a newer one. Install that one or a newer one.`);
  }
  return handlers[kind as Kind] as unknown as AnyHandler;
}
