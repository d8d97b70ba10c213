/**
 * What Terraform's resources and data sources consist of, in the words of the declarations. Terraform tells a provider neither a
 * resource's name in the program nor whose state it is, and keeps of a create nothing before it ends: so a rule has a name of its own,
 * and what never changes in a cluster's life is a resource that is in the state before the first machine is asked for.
 */
import { connection } from "./connection";
import { endpointOutputs } from "./cluster-endpoint";
import { identityOutputs } from "./cluster-identity";
import type { DataSourceName } from "./data-source";
import { dataSources } from "./data-sources";
import { kubernetesCluster } from "./kubernetes-cluster";
import type { BooleanProperty, MapProperty, ObjectProperty, Properties, StringProperty } from "./property";
import type { ResourceName } from "./resource";
import { resources } from "./resources";

/** Where Terraform looks for the provider: its source address. */
export const providerAddress = "registry.terraform.io/ablestack/ablestack";
/** The same where `source` names no host, to Terraform and to OpenTofu. */
export const providerAddresses: readonly string[] = [providerAddress, "registry.opentofu.org/ablestack/ablestack"];
export const providerType = "ablestack";

/**
 * Inputs that are called otherwise in Terraform, where snake case alone doesn't do: `connection` is a block of every resource there,
 * and a cluster has both operations on nodes and nodes.
 */
export const terraformNames: Readonly<Record<string, string>> = { connection: "connection_name", nodes: "node_operations" };

/** `rootDiskGb` → `root_disk_gb`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The attribute of an input. Only inputs at the top are called otherwise: an object's own `nodes` stays. */
export const inputAttribute = (name: string): string => terraformNames[name] ?? snakeCase(name);

export interface TerraformResource {
  /** `ablestack_kubernetes_cluster` */
  readonly type: string;
  readonly resource: ResourceName;
  readonly description: string;
  /** What is declared, by the name that handlers know it by. */
  readonly inputs: Properties;
  /** What is known of it once it is there. One that is also an input is declared or found. */
  readonly outputs: Properties;
}

export interface TerraformDataSource {
  /** `ablestack_kubernetes_clusters` */
  readonly type: string;
  readonly dataSource: DataSourceName;
  readonly description: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

const id: StringProperty = { type: "string", description: "What Terraform knows it by.", stable: true };
const owner: StringProperty = {
  type: "string",
  description: "Whose it is: what everything made on Mold is marked with. The provider's `owner` when it was made; one that was imported keeps the owner that it had.",
  stable: true,
  example: "terraform:shop/prod",
};
const marks: Properties = { id, owner };

/** What is told to a program by a stack's configuration elsewhere. */
const connectionName: StringProperty = {
  ...(kubernetesCluster.inputs.connection as StringProperty),
  description: "Name of the connection to use: one of the provider's `connections`. Never a credential.",
};

const identity: ObjectProperty = {
  type: "object",
  typeName: "ClusterIdentityOutputs",
  description: "The cluster's identity: all of an `ablestack_cluster_identity`. It is in the state before the first machine is asked for, so that a run that was killed is continued by the next.",
  required: true,
  change: "replace",
  properties: Object.fromEntries(Object.entries(identityOutputs).map(([name, property]) => [name, { ...property, required: property.required !== false }])),
};

const ruleName: StringProperty = {
  type: "string",
  description: "Name of the rule, which tells it from the owner's other rules at the same place: Mold's own record of a rule has none.",
  required: true,
  change: "replace",
  maxLength: 255,
  format: "no-control-characters",
  example: "ingress-https",
};

const networkOwned = endpointOutputs.networkOwned as BooleanProperty;
const timeouts = kubernetesCluster.inputs.timeouts!;

/** The identity's resource takes over whose it is. */
const { adoptIdentity: _adoptIdentity, ...clusterInputs } = kubernetesCluster.inputs;

const withConnection = (inputs: Properties): Properties => ({ ...inputs, connection: connectionName });

export const terraformResources: readonly TerraformResource[] = [
  {
    type: `${providerType}_cluster_identity`,
    resource: "ClusterIdentity",
    description:
      "Identity of a cluster: its uid, authorities and keys. Making it calls nobody, but to find the cluster that `adopt` takes over. Destroying it destroys whatever carries the uid, also what a run that was killed has left and no state knows of.",
    inputs: withConnection(resources.ClusterIdentity.inputs),
    outputs: { ...marks, ...identityOutputs },
  },
  {
    type: `${providerType}_kubernetes_cluster`,
    resource: "KubernetesCluster",
    description: kubernetesCluster.description,
    inputs: { ...withConnection(clusterInputs), timeouts, identity },
    outputs: { ...marks, ...kubernetesCluster.outputs, networkOwned, networkCidr: endpointOutputs.networkCidr! },
  },
  {
    type: `${providerType}_network_rule`,
    resource: "NetworkRule",
    description: resources.NetworkRule.description,
    inputs: { name: ruleName, ...withConnection(resources.NetworkRule.inputs) },
    outputs: { ...marks, ...resources.NetworkRule.outputs },
  },
  {
    type: `${providerType}_load_balancer`,
    resource: "LoadBalancer",
    description: resources.LoadBalancer.description,
    inputs: { ...withConnection(resources.LoadBalancer.inputs), name: { ...ruleName, description: "Name of the rule, which tells it from the owner's other balancers at the same address." } },
    outputs: { ...marks, ...resources.LoadBalancer.outputs },
  },
];

/** `getKubernetesClusters` → `ablestack_kubernetes_clusters` */
const dataSourceType = (name: DataSourceName): string => `${providerType}${snakeCase(name.slice("get".length))}`;

export const terraformDataSources: readonly TerraformDataSource[] = Object.values(dataSources).map(({ name, description, inputs, outputs }) => ({
  type: dataSourceType(name),
  dataSource: name,
  description,
  inputs: { ...inputs, connection: { ...connectionName, change: "update" } },
  outputs,
}));

/** A connection's settings: all may stand in the environment instead. */
const settings: Properties = Object.fromEntries(
  Object.entries(connection.inputs).map(([name, { default: fallback, ...property }]) => [
    name,
    {
      ...property,
      required: false,
      ...(name === "secretKey" ? { description: "Secret key of the user: signs every call and is itself never sent." } : {}),
      ...(fallback === undefined ? {} : { otherwise: `\`${String(fallback)}\`` }),
    } as Properties[string],
  ]),
);

/** Fields of a further connection have no environment to stand in for them. */
const connections: MapProperty = {
  type: "map",
  description: "Further connections by name. Resources choose one by their `connection_name`.",
  values: {
    type: "object",
    typeName: "Connection",
    description: "How to reach another Mold, or the same one as somebody else.",
    properties: Object.fromEntries(Object.entries(settings).map(([name, { environment: _, ...property }]) => [name, property as Properties[string]])),
  },
};

export const terraformProvider: { readonly description: string; readonly inputs: Properties } = {
  description:
    "How to reach a Mold (or CloudStack) API, and as whom; environment variables stand in for what is left out. Credentials are never arguments of a resource, so that keys can be rotated without a difference.",
  inputs: {
    ...settings,
    connections,
    owner: {
      type: "string",
      description:
        "Whose everything is that this configuration makes: a name that no other configuration on the same account has. It is written on everything as `terraform:<owner>`, and what carries another is never changed. Keep it as it is: what is in the state keeps the owner that it was made with.",
      format: "no-control-characters",
      maxLength: 200,
      otherwise: "must be given, here or in the environment",
      example: "shop/prod",
      environment: ["ABLESTACK_OWNER"],
    },
  },
};
