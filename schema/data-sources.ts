/** Every data source there is, in the order of the reference page. */
import type { DataSource, DataSourceName } from "./data-source";
import { connectionName } from "./kubernetes-cluster";
import { seenRule } from "./network-rule-seen";
import type { Properties, StringProperty } from "./property";
import { comments, event, nodeStatus, summary, version } from "./seen-outputs";

const connection: StringProperty = { ...connectionName, change: "update" };

const which: Properties = {
  cluster: {
    type: "string",
    description: "The cluster: its name, its `uid` (or `clusterId`), or the id of its record in Mold.",
    required: true,
    example: "prod",
  },
  owner: {
    type: "string",
    description: "Whose, where several declare a cluster of that name: `pulumi:<organization>/<project>/<stack>`.",
    otherwise: "anybody's",
    example: "pulumi:acme/shop/prod",
  },
  connection,
};

const getKubernetesClusters: DataSource = {
  name: "getKubernetesClusters",
  description: "The Kubernetes clusters that these keys show: those that this library runs, those that Mold runs, and those that are only registered with it.",
  inputs: {
    name: { type: "string", description: "Clusters of this name alone.", otherwise: "of any name", example: "prod" },
    state: { type: "string", description: "Clusters in this state alone.", otherwise: "in any state", example: "Running" },
    connection,
  },
  outputs: {
    clusters: { type: "list", description: "The clusters, by name.", items: { type: "object", typeName: "ClusterSummary", description: "One cluster, with the columns of Mold's list.", properties: summary } },
  },
  example: { state: "Running" },
};

const getKubernetesCluster: DataSource = {
  name: "getKubernetesCluster",
  description: "One Kubernetes cluster with its nodes and how much of them is used, its comments, and what tags its machines have in common. An error when there is none, or more than one that may be meant.",
  inputs: {
    ...which,
    kubeconfig: {
      type: "string",
      description: "The cluster's kubeconfig: then the cluster itself is asked too, for the version of each node, whether it is Ready, and when its certificates end.",
      otherwise: "Mold alone is asked",
      secret: true,
    },
  },
  outputs: {
    ...summary,
    nodes: { type: "list", description: "Its machines: control planes first, then workers, each by number.", items: nodeStatus },
    comments,
    kubeconfigExpires: { type: "string", description: "When the client certificate in the given `kubeconfig` ends, ISO 8601.", required: false, example: "2028-11-23T13:54:24.000Z" },
    tags: { type: "map", description: "Tags that all its machines have, without the library's own.", values: { type: "string", description: "The tag's value." }, example: { team: "payments" } },
  },
  example: { cluster: "prod" },
};

const getKubernetesVersions: DataSource = {
  name: "getKubernetesVersions",
  description: "The Kubernetes versions that are registered with Mold, the oldest first.",
  inputs: {
    zone: { type: "string", description: "Those of this zone alone: its name or id. A version that is registered for no zone in particular is in all.", otherwise: "of all zones", example: "zone-1" },
    usable: { type: "boolean", description: "`true`: those alone that clusters can be made with.", default: false, example: true },
    connection,
  },
  outputs: { versions: { type: "list", description: "The versions.", items: version } },
  example: { zone: "zone-1", usable: true },
};

const getEvents: DataSource = {
  name: "getEvents",
  description: "What happened to a cluster: to its machines, network, addresses, rules and record, as Mold has it recorded. The newest last.",
  inputs: {
    ...which,
    since: { type: "string", description: "Not before this: a time (`2026-11-23T13:00:00Z`), or how long ago (`90m`, `24h`, `7d`).", default: "24h", example: "7d" },
    level: { type: "string", description: "Events of this gravity alone.", enum: ["INFO", "WARN", "ERROR"], otherwise: "of any", example: "ERROR" },
    limit: { type: "integer", description: "So many of them at most: the newest.", minimum: 1, maximum: 10_000, default: 100, example: 20 },
  },
  outputs: { events: { type: "list", description: "The events.", items: event } },
  example: { cluster: "prod", since: "7d", level: "ERROR" },
};

const getComments: DataSource = {
  name: "getComments",
  description: "The comments on a cluster, as Mold's screens show them, whoever wrote them.",
  inputs: which,
  outputs: { comments },
  example: { cluster: "prod" },
};

const getNetworkRules: DataSource = {
  name: "getNetworkRules",
  description: "The rules of a cluster's network: at its addresses, of what it lets out, and in its access list. Also those that somebody made by hand, which nothing here changes.",
  inputs: {
    ...which,
    byHand: { type: "boolean", description: "`true`: those alone that no program of this library declares.", default: false, example: true },
  },
  outputs: { rules: { type: "list", description: "The rules.", items: seenRule } },
  example: { cluster: "prod", byHand: true },
};

export const dataSources: Readonly<Record<DataSourceName, DataSource>> = { getKubernetesClusters, getKubernetesCluster, getKubernetesVersions, getEvents, getComments, getNetworkRules };
