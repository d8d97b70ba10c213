/**
 * How the things of one cluster are told from everybody else's. A run keeps no files: what Mold shows is all it knows, so every
 * owned thing says whose it is from its first moment, by name or display text, and by tags as soon as it can carry them.
 */

/** What Mold lets us tag. Affinity groups and Kubernetes clusters refuse tags (431). */
export type TaggedKind = "UserVm" | "Network" | "PublicIpAddress" | "LoadBalancer" | "PortForwardingRule" | "FirewallRule" | "NetworkACL";

export const tagKeys = {
  /** The cluster's uid. */
  cluster: "ablestack-cluster",
  /** Who declares it: `pulumi:<organization>/<project>/<stack>`. */
  owner: "ablestack-owner",
  /** What it is in the cluster: `control-plane`, `worker`, `network`, `address`, `api`. */
  role: "ablestack-role",
  /** On a public address: the id of the network that it was acquired for. Mold leaves it its tags when that is deleted, and may give it to another one. */
  network: "ablestack-network",
  /** The declared resource's own name, on the one rule that it owns. */
  resource: "ablestack-resource",
  /** Whom a rule leads to: a balancer rule `role=worker`, or `nodes=prod-worker-1,prod-worker-2`; a port forward `node`, where it names one. */
  target: "ablestack-target",
  /** On a balancer rule: Mold makes the machines behind it. */
  autoscale: "ablestack-autoscale",
  /** On the anchor: who is at work, `<run>:<seconds since 1970>`. */
  lock: "ablestack-lock",
  /** On the anchor: which life of the cluster this is. A delete of an earlier one touches nothing. */
  generation: "ablestack-generation",
  /** On the anchor, from when the first control plane has what it needs to make etcd until all control planes have joined it: the cluster has never been whole. */
  initialising: "ablestack-initialising",
  /** On the anchor: etcd exists. From then on every machine joins and none initialises. */
  initialised: "ablestack-initialised",
  /** On a machine: its node was Ready, its ISO is detached and its user data replaced. */
  joined: "ablestack-joined",
  /** On a machine: it is being let in again, and its user data hold a join token. */
  readmitted: "ablestack-readmitted",
  /** On a control plane: it leaves etcd, or has left. Whatever is declared since, it goes: the others no longer count on it. */
  leaving: "ablestack-leaving",
  /** On a machine: the text that its node was last rebooted for. */
  rebooted: "ablestack-rebooted",
  /** On a machine: the text that it was last made anew for. */
  replaced: "ablestack-replaced",
  /** On the anchor of one that was taken over: from whom. Their destroy leaves it alone. */
  takenFrom: "ablestack-taken-from",
  /** On a machine: the nodes whose place it has taken, the last one first: what leads to one of them leads to it. */
  succeeds: "ablestack-succeeds",
  /** On the anchor, plus the name of a node that goes before the one that takes its place comes: what that one is to be told that it succeeds. */
  vacant: "ablestack-vacant-",
  /** On the anchor, plus a node's name: it has left as its entry in the declaration said. */
  gone: "ablestack-gone-",
  /** On the network of a cluster that Mold runs: the version that it is being brought to, until every node is there and open again. */
  upgrading: "ablestack-upgrading",
  /** There too: the id of a cluster that somebody else had made, and that is declared here since. */
  adopted: "ablestack-adopted",
  /** On the anchor, plus what it is for: about to be made. */
  intent: "ablestack-intent-",
} as const;

/** What the node agent writes on its own Node: how far it came. A Node that carries it is a machine of ours. */
export const agentAnnotation = "ablestack.io/agent";

/** And when the first of its certificates ends, of a worker that of its kubelet: `2027-11-24T17:11:15Z`. */
export const certificatesEndAnnotation = "ablestack.io/certificates-end";

/** What the core writes there: the version that its agent is to bring it to, and who is the first of the cluster to go there. */
export const wantedVersionAnnotation = "ablestack.io/wanted-version";
export const upgradeRoleAnnotation = "ablestack.io/upgrade-role";
/** Before that, which version's images its agent is to load; and how far it came with that. */
export const prepareVersionAnnotation = "ablestack.io/prepare-version";
export const preparedAnnotation = "ablestack.io/prepared";
/** Which add-ons a control plane's disc had; which it is to install and remove; its answer. See provider/node/agent/addons.sh. */
export const addonsOnDiscAnnotation = "ablestack.io/addons-on-disc";
export const wantedAddonsAnnotation = "ablestack.io/wanted-addons";
export const addonsAnnotation = "ablestack.io/addons";

/** On a Node: which cluster's operation has cordoned it, so that what a person cordoned stays so. */
export const cordonedBy = (uid: string): { readonly annotation: string; readonly value: string } => ({ annotation: "ablestack.io/cordoned-by", value: uid });

/** On a Node that was cordoned already when Mold began to upgrade its cluster: it stays so, although Mold opens every node. */
export const keptCordoned = "ablestack.io/kept-cordoned";

export function isCordonedBy({ annotations }: { readonly annotations: Tags }, uid: string): boolean {
  const { annotation, value } = cordonedBy(uid);
  return annotations[annotation] === value;
}

export type Tags = Readonly<Record<string, string>>;

interface MaybeTagged {
  readonly tags?: readonly { key?: string; value?: string }[];
}

export function tagsOf(object: MaybeTagged): Tags {
  return Object.fromEntries((object.tags ?? []).flatMap(({ key, value }) => (key === undefined ? [] : [[key, value ?? ""]])));
}

/** Of a machine: its node was Ready once, and nothing of its joining is left on it. */
export const hasJoined = ({ tags }: { readonly tags: Tags }): boolean => tags[tagKeys.joined] === "yes";

/** Of a control plane: it may be no member of etcd any longer. */
export const isLeaving = ({ tags }: { readonly tags: Tags }): boolean => tags[tagKeys.leaving] === "yes";

/** The tags in the form Mold's commands take them. */
export function tagParameters(tags: Tags): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** The end of every display text and description of ours. Searchable by `keyword`. */
export const mark = (uid: string): string => `[ablestack-kubernetes ${uid}]`;

/** Who owns a thing, and what it is to the cluster. */
export function ownershipTags(uid: string, owner: string, role: string): Tags {
  return { [tagKeys.cluster]: uid, [tagKeys.owner]: owner, [tagKeys.role]: role };
}

export type Role = "control-plane" | "worker";

const roleInName: Readonly<Record<Role, string>> = { "control-plane": "control", worker: "worker" };

/** `prod-control-1`: host name, node name and name on Mold are one. */
export const machineName = (cluster: string, role: Role, index: number): string => `${cluster}-${roleInName[role]}-${index}`;

/** The other way round; undefined for a name that isn't of this cluster. */
export function parseMachineName(cluster: string, name: string): { role: Role; index: number } | undefined {
  const match = /^(.*)-(control|worker)-([1-9]\d*)$/.exec(name);
  if (!match || match[1] !== cluster) return undefined;
  return { role: match[2] === "control" ? "control-plane" : "worker", index: Number(match[3]) };
}
