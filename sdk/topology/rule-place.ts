/** Where a rule of a cluster lies: what a program leaves out and the cluster tells. The same whatever engine carries the values. */

export type Place = "ipAddressId" | "networkId";

/** Which of the cluster's places a rule of a kind lies at. @param kind of a NetworkRule; balancers lie at the address */
export const placeOf = (kind: string): Place => (kind === "egress" || kind === "acl" ? "networkId" : "ipAddressId");

/** What a rule says of its place by itself. */
export interface RulePlace {
  readonly connection?: unknown;
  readonly ipAddressId?: unknown;
  readonly networkId?: unknown;
  readonly aclId?: unknown;
}

/** What a cluster gives to its rules. */
export interface ClusterPlace {
  readonly uid: unknown;
  readonly connection: unknown;
  readonly networkId: unknown;
  readonly publicIpAddressId: unknown;
}

/**
 * A rule's arguments with what its cluster gives filled in; what the program says itself stays.
 * @param at the id where the rule lies at that place, and `undefined` where it lies at the other
 */
export function ruleOfCluster(args: RulePlace, cluster: ClusterPlace, at: (place: Place, id: unknown) => unknown): Readonly<Record<string, unknown>> {
  // A list that is named is the place by itself; what a configuration leaves out may be null.
  const networkId = args.networkId ?? ((args.aclId ?? undefined) === undefined ? at("networkId", cluster.networkId) : undefined);
  return {
    ...args,
    cluster: cluster.uid,
    connection: args.connection ?? cluster.connection,
    ipAddressId: args.ipAddressId ?? at("ipAddressId", cluster.publicIpAddressId),
    ...(networkId === undefined ? {} : { networkId }),
  };
}
