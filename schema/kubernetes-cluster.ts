/** A Kubernetes cluster: its machines and, unless given, its network; its public address, API rule and 6443 firewall rule; its affinity group. */
import { clusterOutputs } from "./cluster-outputs";
import { clusterRules } from "./cluster-rules";
import { controlPlane, nodeOperations, workers } from "./machines";
import type { Able, BooleanProperty, IntegerProperty, Properties, StringProperty } from "./property";
import type { Resource } from "./resource";

/** The name of a connection: the same for every resource. Elsewhere is another Mold or account, where the resource isn't: hence `replace`. */
export const connectionName: StringProperty = {
  type: "string",
  description: "Name of the connection to use, as configured by `ablestack:connections.<name>`. Never a credential.",
  otherwise: "the default connection",
  change: "replace",
  maxLength: 63,
  example: "seoul",
};

/** Name or id of the zone. */
export const zone: StringProperty = { type: "string", description: "Zone to build in: its name or id.", required: true, change: "replace", example: "zone-1" };

export const clusterName: StringProperty = {
  type: "string",
  description:
    "Name of the cluster: a DNS label of at most 40 characters. The machines are called `<name>-control-<n>` and `<name>-worker-<n>`, and so are their nodes.",
  required: true,
  filledBySdk: "the resource's name",
  change: "replace",
  format: "dns-label",
  maxLength: 40,
  example: "prod",
};

export const network: StringProperty = {
  type: "string",
  description: "Isolated network to put the machines on: its name or id. It stays when the cluster goes.",
  otherwise: "one is made, and goes with the cluster",
  change: "replace",
  example: "apps",
};

export const networkOffering: StringProperty = {
  type: "string",
  description: "Offering of the network that is made: its name or id. Needs source NAT, firewall, load balancing and port forwarding.",
  default: "DefaultNetworkOfferingforKubernetesService",
  change: "replace",
  example: "isolated-with-lb",
};

export const externalLoadBalancerIp: StringProperty = {
  type: "string",
  description: "Address of a load balancer of yours that stands before the API already and leads port 6443 to every control plane. Goes with a `network` that is shared.",
  otherwise: "a public address is taken, and goes with the cluster",
  change: "replace",
  format: "ipv4",
  example: "203.0.113.10",
  managements: { core: "the core balances the API itself, at a public address that the cluster owns", mold: true },
};

export const management: StringProperty = {
  type: "string",
  description:
    "Who runs the cluster's life. `core`: this library makes the machines and runs them. `mold`: Mold's own Kubernetes service does, and the library plans, waits, checks and recovers.",
  enum: ["core", "mold"],
  default: "core",
  change: "replace",
  example: "mold",
};

export const adopt: BooleanProperty = {
  type: "boolean",
  description:
    "Takes over the cluster of this name that is there already, whoever made it, in place of making one. Nothing of it is changed by that but whose it is; what is declared otherwise is shown by the next preview. A destroy where it was declared before then leaves it alone. It may stay when that is done. With `management: \"core\"` it goes with `adoptIdentity`. Rules on its address are taken over by their own `adopt`.",
  default: false,
  example: true,
};

export const adoptId: StringProperty = {
  type: "string",
  description: "Id in Mold of the cluster that `adopt` takes over, where several of Mold's own service have its name.",
  otherwise: "the one of that name in the zone",
  maxLength: 63,
  example: "278ef443-1b9f-48fe-b735-714c29459ce3",
  managements: { core: "its identity says which cluster is meant", mold: true },
};

/** Only the first of a cluster's parts takes it in. */
export const adoptIdentity: StringProperty = {
  type: "string",
  description:
    "Identity of the cluster that `adopt` takes over: the output `exportedIdentity` of where it was declared before. The keys that make it a cluster are there alone: nobody can read them out of its machines. It is a secret, and is needed for as long as it takes the cluster over; it may be left out afterwards.",
  otherwise: "must be given with `adopt` and `management: \"core\"`",
  secret: true,
  managements: { core: true, mold: "Mold keeps the keys of its clusters" },
};

export const tags = (whose: string): Properties[string] => ({
  type: "map",
  description: `Tags of your own on ${whose}. Keys that begin with \`ablestack-\` are the library's.`,
  values: { type: "string", description: "The tag's value.", maxLength: 255, allowEmpty: true, format: "printable" },
  keyFormat: "printable",
  keyMaxLength: 255,
  // Mold's table of tags is unique by key, in a collation that tells neither apart (utf8_general_ci).
  caselessKeys: true,
  reservedKeyPrefix: "ablestack-",
  otherwise: "none",
  example: { team: "payments" },
});

const wait = (what: string, seconds: number): IntegerProperty => ({
  type: "integer",
  description: `How long ${what} may take. What is done by then stays, and the next run continues it.`,
  unit: "seconds",
  minimum: 30,
  maximum: 604_800,
  default: seconds,
  example: seconds * 2,
});

const addon = (what: string, purpose: string, disc: string, mold: Able): Properties[string] => ({
  type: "boolean",
  description: `Installs ${what}, which ${purpose}, from the cluster's Kubernetes ISO (${disc}). Upgrades renew it.`,
  default: false,
  example: true,
  managements: { core: true, mold },
});

const upgradeInts = { type: "integer", minimum: 0, maximum: 5000 } as const;

export const clusterInputs: Properties = {
  name: clusterName,
  description: { type: "string", description: "What the cluster is for; shown in Mold's screens.", maxLength: 255, allowEmpty: true, format: "no-control-characters", otherwise: "none", example: "Payments, production" },
  connection: connectionName,
  management,
  zone,
  version: {
    type: "string",
    description: "Kubernetes version: exact (`1.35.4`), or a minor (`1.35`), which takes the newest registered patch. It must be registered with Mold and enabled in the zone. A later one upgrades the cluster in place, through every minor in sequence; an older one is refused.",
    required: true,
    format: "kubernetes-version",
    example: "1.35.4",
  },
  network,
  networkOffering,
  template: {
    type: "string",
    description: "Cloud image that the machines boot from: its name or id. Needs cloud-init and containerd. Machines that exist keep the image they were made from.",
    otherwise: "must be given with `management: \"core\"`",
    example: "debian-13-containerd",
    managements: { core: true, mold: "Mold boots its own node template" },
  },
  affinity: {
    type: "string",
    description: "Whether control planes are kept on different hosts: `preferred` tries to, `required` refuses to place two on one host, `none` leaves it to Mold.",
    enum: ["preferred", "required", "none"],
    default: "preferred",
    change: "replace",
    example: "required",
    managements: { core: true, mold: "Mold's own Kubernetes service takes affinity groups in another form" },
  },
  controlPlane,
  workers,
  sshKeyPair: { type: "string", description: "Name of the SSH key pair that people log in with. The library itself never uses SSH. Applies to machines made from now on.", otherwise: "none", example: "ops" },
  privateRegistry: {
    type: "object",
    typeName: "PrivateRegistry",
    description: "Registry that containerd on every node pulls from; needed without connectivity to the outside. Applies to machines made from now on.",
    otherwise: "none: images come from where they are",
    example: { url: "https://registry.example.com", username: "puller", password: "(a secret)" },
    properties: {
      url: { type: "string", description: "Address of the registry. Without a scheme it is https.", required: true, format: "registry-url", example: "https://registry.example.com" },
      username: { type: "string", description: "User to log in as. Goes with `password`.", otherwise: "no login", format: "no-control-characters", example: "puller" },
      password: { type: "string", description: "The user's password. Goes with `username`.", otherwise: "no login", secret: true },
    },
  },
  externalLoadBalancerIp,
  apiAccess: {
    type: "object",
    typeName: "ApiAccess",
    description: "Who may reach the Kubernetes API at the public address. The cluster's own machines always may.",
    default: {},
    example: { cidrList: ["198.51.100.0/24"] },
    managements: { core: true, mold: "Mold opens the API to everyone" },
    properties: {
      cidrList: {
        type: "list",
        description: "IPv4 networks of the clients.",
        items: { type: "string", description: "An IPv4 network.", format: "cidr" },
        set: true,
        minItems: 1,
        default: ["0.0.0.0/0"],
        example: ["198.51.100.0/24"],
      },
    },
  },
  podCidr: {
    type: "string",
    description: "IPv4 network that pods get their addresses from; a /24 of it goes to each node.",
    format: "cidr",
    default: "10.244.0.0/16",
    change: "replace",
    example: "10.200.0.0/16",
    managements: { core: true, mold: "Mold sets the pod network itself" },
  },
  serviceCidr: {
    type: "string",
    description: "IPv4 network that services get their addresses (ClusterIP) from: between a /12 and a /28.",
    format: "cidr",
    default: "10.96.0.0/12",
    change: "replace",
    example: "10.112.0.0/16",
    managements: { core: true, mold: "Mold sets the service network itself" },
  },
  powerState: {
    type: "string",
    description: "`stopped` shuts the machines down in the order that is safe for etcd, and loses nothing; `running` starts them again. While it is stopped, workers can be taken away; more of them are made when it starts.",
    enum: ["running", "stopped"],
    default: "running",
    example: "stopped",
  },
  nodes: {
    type: "map",
    description: "Operations on single nodes, by node name. Nodes are away one at a time.",
    values: nodeOperations,
    keyFormat: "node-name",
    otherwise: "none",
    example: { "prod-worker-2": { offering: "k8s-8c-32g" } },
  },
  upgrade: {
    type: "object",
    typeName: "Upgrade",
    description: "How workers are upgraded. Control planes always go one at a time, and one worker always stays where there are more than one.",
    otherwise: "one worker at a time",
    example: { maxUnavailable: 2, drainTimeout: 600 },
    managements: { core: true, mold: "Mold upgrades its clusters in its own way" },
    properties: {
      maxUnavailable: { ...upgradeInts, description: "How many workers may be away at once.", default: 1, example: 2 },
      maxSurge: { ...upgradeInts, description: "How many workers may be made beyond the count, to be upgraded into.", default: 0, example: 1 },
      drainTimeout: { ...wait("draining one node", 600) },
      strategy: { type: "string", description: "`in-place` upgrades the machines there are, `replace` makes new ones.", enum: ["in-place", "replace"], default: "in-place", example: "replace" },
    },
  },
  comments: {
    type: "list",
    description: "Comments on the cluster, as Mold's screens show them. Those that people write there are left alone.",
    // What Mold takes at most.
    items: { type: "string", description: "One comment.", maxLength: 255, format: "printable" },
    set: true,
    otherwise: "none",
    example: ["Ask Min before an upgrade"],
  },
  tags: tags("everything the cluster owns"),
  addons: {
    type: "object",
    typeName: "Addons",
    description: "What is installed into the cluster beyond its network. What is taken out again is removed, as long as nothing in the cluster hangs on it.",
    default: {},
    example: { csi: true, credentials: "in-cluster" },
    properties: {
      cloudController: addon("the cloud controller", "gives services of type LoadBalancer an address", "`provider.yaml`", "Mold installs the cloud controller in every cluster that it makes"),
      csi: addon("the storage driver", "makes volumes out of Mold's disks", "`snapshot-crds.yaml` and `manifest.yaml`, CloudStack 4.22 and later", true),
      credentials: {
        type: "string",
        description:
          "Name of the connection whose keys the add-ons ask Mold with, as configured by `ablestack:connections.<name>`. They go into the secret `cloudstack-secret` of `kube-system`, where administrators of the cluster can read them: let them be those of a user that may do no more than that, in the account or project of the cluster. The connection's address and `insecure` go along, its `caCertificate` can't. Other keys configured are put in with the next run, and the add-ons restarted.",
        otherwise: "must be given with `cloudController` or `csi` and `management: \"core\"`",
        maxLength: 63,
        example: "in-cluster",
        managements: { core: true, mold: "Mold makes keys of its own for its clusters" },
      },
    },
  },
  externalNodes: {
    type: "list",
    description:
      "Machines of yours that are workers of the cluster beside those that Mold makes: their ids. They are on its network, run, and are of a template that Mold's Kubernetes service can log in to and that has containerd. What is on such a machine is taken over as it joins: it is rebooted. It is no part of `workers.count`, and stays yours: one that is taken out again is drained and reset, one that people have added is left alone. Needs CloudStack 4.21.",
    items: { type: "string", description: "Id of a machine.", format: "no-control-characters", maxLength: 63 },
    set: true,
    otherwise: "none",
    example: ["5c3f2b0e-8d0f-4a3a-9a57-0e8a7c1f8d11"],
    managements: { core: "the core makes all machines of its clusters", mold: true },
  },
  adopt,
  adoptId,
  adoptIdentity,
  failedCreate: {
    type: "string",
    description: "What becomes of a create that failed half-way. `continue`: what was made stays to be looked at, and the next run goes on from there, or makes it anew where Mold can't go on. `remove`: it is deleted at once.",
    enum: ["continue", "remove"],
    default: "continue",
    example: "remove",
    managements: { core: "the next run goes on from what there is", mold: true },
  },
  timeouts: {
    type: "object",
    typeName: "Timeouts",
    description: "How long one step of each operation may take (a machine that joins, a node that is to be Ready), and one hop of an upgrade as a whole. Every wait ends, and says what it waited for.",
    default: {},
    example: { create: 7200 },
    properties: {
      create: wait("one step of creating the cluster", 3600),
      update: wait("one step of a change in place", 3600),
      delete: wait("one step of deleting the cluster", 1800),
      upgrade: wait("upgrading all nodes by one hop", 7200),
      scale: wait("one step of a change that makes or removes machines", 3600),
    },
  },
};

export const kubernetesCluster: Resource = {
  name: "KubernetesCluster",
  kind: "resource",
  description:
    "A highly available Kubernetes cluster. It owns its machines and, unless one is given, its network; its public address, the balancer rule and the firewall rule of its API; and its affinity group.",
  inputs: clusterInputs,
  outputs: clusterOutputs,
  rules: clusterRules,
  example: {
    zone: "zone-1",
    version: "1.35.4",
    template: "debian-13-containerd",
    controlPlane: { count: 3, offering: "k8s-4c-8g" },
    workers: { count: 3, offering: "k8s-8c-16g", rootDiskGb: 100 },
  },
};
