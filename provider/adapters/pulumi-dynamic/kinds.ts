/** Which handler serves which kind of resource. Loaded when first asked for. */
import type { Declared, Handler } from "../../handlers/handler";

/** Each handler knows its own inputs and outputs; what passes through here is not looked into. */
export type AnyHandler = Handler<Declared & Record<string, unknown>, Record<string, unknown>>;

const handlers = {
  ClusterIdentity: async () => (await import("../../handlers/cluster-identity.js")).clusterIdentity,
  ClusterEndpoint: async () => (await import("../../handlers/cluster-endpoint.js")).clusterEndpoint,
  Cluster: async () => (await import("../../handlers/cluster.js")).cluster,
  ClusterAccess: async () => (await import("../../handlers/cluster-access.js")).clusterAccess,
  NetworkRule: async () => (await import("../../handlers/network-rule.js")).networkRule,
  LoadBalancer: async () => (await import("../../handlers/load-balancer.js")).loadBalancer,
} as const;

export type Kind = keyof typeof handlers;

export async function handlerOf(kind: string): Promise<AnyHandler> {
  if (!Object.hasOwn(handlers, kind)) {
    throw new Error(`the installed release of ablestack-kubernetes does not know resources of kind ${kind}: the state was written by a newer one. Install that one or a newer one.`);
  }
  return (await handlers[kind as Kind]()) as unknown as AnyHandler;
}
