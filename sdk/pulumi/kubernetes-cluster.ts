import * as pulumi from "@pulumi/pulumi";
import { clientNow, identityText, kubeconfig } from "../../provider/kubernetes/kubeconfig";
import type { KubernetesClusterArgs } from "../../schema/generated/pulumi-args";
import type { ClusterIdentityOutputs, KubernetesClusterOutputs } from "../../schema/generated/types";
import { Cluster, ClusterAccess, ClusterEndpoint, ClusterIdentity, endpointOutputs, identityOutputs, machineIdentity } from "./cluster-parts";
import { ifKnown, type OutputsOf } from "./outputs";
import { ignoring, partOptions } from "./part-options";
import { showPlanOfCreate } from "./preview-plan";

/** How long the parts that come before the machines may take, when the program doesn't say. Seconds, as `schema/` declares them. */
const defaultTimeouts = { create: 3600, delete: 1800 };

/**
 * A highly available Kubernetes cluster on ABLESTACK (Mold): control planes and workers on one network, behind one address.
 *
 * It owns its machines and, unless one is given, its network; its public address, the balancer rule and the firewall rule of its API,
 * and its anti-affinity group. `kubeconfig` and `endpoint` stay known and unchanged whatever changes in place, so that a
 * `k8s.Provider` built on them is never replaced for a scale-up; what uses them waits for the machines.
 *
 * It is a component, and its options `protect`, `ignoreChanges`, `retainOnDelete` and `deletedWith` hold for what it is made of.
 *
 * @example
 * const cluster = new KubernetesCluster("prod", {
 *   zone: "zone-1", version: "1.35", template: "debian-13-containerd",
 *   controlPlane: { offering: "k8s-4c-8g" }, workers: { count: 3, offering: "k8s-8c-16g" },
 * });
 * const provider = new k8s.Provider("prod", { kubeconfig: cluster.kubeconfig });
 */
export class KubernetesCluster extends pulumi.ComponentResource implements OutputsOf<KubernetesClusterOutputs> {
  readonly uid: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly description: pulumi.Output<string | undefined>;
  readonly clusterId: pulumi.Output<string>;
  readonly kubernetesVersion: pulumi.Output<string>;
  readonly endpoint: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
  /** When the client certificate in it ends, ISO 8601. */
  readonly kubeconfigExpires: pulumi.Output<string>;
  readonly caCertificate: pulumi.Output<string>;
  /** What makes it this cluster, a secret: for `adoptIdentity` of whoever is to declare it from then on. */
  readonly exportedIdentity: pulumi.Output<string>;
  readonly networkId: pulumi.Output<string>;
  readonly networkName: pulumi.Output<string>;
  readonly publicIpAddressId: pulumi.Output<string>;
  readonly publicIpAddress: pulumi.Output<string>;
  readonly state: pulumi.Output<string>;
  readonly size: pulumi.Output<number>;
  readonly controlPlaneCount: pulumi.Output<number>;
  readonly cpuCores: pulumi.Output<number>;
  readonly memoryMb: pulumi.Output<number>;
  readonly account: pulumi.Output<string | undefined>;
  readonly domain: pulumi.Output<string | undefined>;
  readonly zoneId: pulumi.Output<string>;
  readonly zoneName: pulumi.Output<string>;
  readonly clusterType: pulumi.Output<KubernetesClusterOutputs["clusterType"]>;
  readonly moldId: pulumi.Output<string | undefined>;
  readonly created: pulumi.Output<string>;
  readonly autoscalingEnabled: pulumi.Output<boolean>;
  readonly nodes: pulumi.Output<KubernetesClusterOutputs["nodes"]>;

  /** The connection it was declared with: rules of this cluster use the same. */
  readonly connection: pulumi.Output<string | undefined>;

  constructor(name: string, args: KubernetesClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ablestack:index:KubernetesCluster", name, {}, opts);
    const child = partOptions(this, opts);
    const { adoptIdentity, ...declared } = args;
    const declaration = {
      ...declared,
      name: args.name ?? name,
      // Whoever forgets to mark the password as a secret still has none in the state.
      privateRegistry: args.privateRegistry === undefined ? undefined : pulumi.secret(args.privateRegistry),
    };
    const { connection, zone, network, networkOffering, externalLoadBalancerIp, management, adopt, adoptId } = args;

    const identity = new ClusterIdentity(`${name}-identity`, adoptIdentity === undefined ? declaration : { ...declaration, adoptIdentity: pulumi.secret(adoptIdentity) }, { ...child, ...ignoring(opts) });
    showPlanOfCreate(this, declaration, identity.uid);
    const place = { uid: identity.uid, name: declaration.name, connection, zone, network, networkOffering, externalLoadBalancerIp, management, adopt, adoptId };
    const timeouts = pulumi.output(args.timeouts).apply((given) => ({ create: given?.create ?? defaultTimeouts.create, delete: given?.delete ?? defaultTimeouts.delete }));
    const endpoint = new ClusterEndpoint(`${name}-endpoint`, { ...place, timeouts }, { ...child, ...ignoring(opts, place) });
    const machines = new Cluster(name, { ...declaration, identity: pick(identity, machineIdentity), endpoint: pick(endpoint, endpointOutputs) }, { ...child, ...ignoring(opts) });

    // By way of the machines' URN, which a preview knows: what uses these waits until the cluster is there.
    const whenThere = <T>(output: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([output, machines.urn]).apply(([value]) => value as T);
    const { networkId, networkOwned } = endpoint;
    const access = isMolds(management)
      ? new ClusterAccess(`${name}-access`, { uid: identity.uid, name: declaration.name, connection, management, networkId, networkOwned }, pulumi.mergeOptions(child, { dependsOn: machines }))
      : undefined;
    const { adminCertificate, adminKey } = identity;
    const [userCertificates, userKey] = [ifKnown(identity.userCertificates), pulumi.secret(ifKnown(identity.userKey))];
    const now = Date.now();
    const caCertificate = access?.caCertificate ?? identity.caCertificate;
    this.kubeconfig =
      access?.kubeconfig ??
      whenThere(
        pulumi.secret(
          pulumi
            .output({ name: declaration.name, endpoint: endpoint.endpoint, caCertificate, clients: { adminCertificate, adminKey, userCertificates, userKey } })
            .apply(({ clients, ...where }) => kubeconfig({ ...where, ...clientNow(clients, now) })),
        ),
      );
    // Of certificates alone, which are no secret: the key in it is not looked at.
    this.kubeconfigExpires =
      access?.kubeconfigExpires ?? pulumi.output({ adminCertificate, userCertificates }).apply((certificates) => clientNow({ ...certificates, adminKey: "", userKey: "" }, now).expires);
    this.endpoint = whenThere(endpoint.endpoint);
    // A rule that is given it instead of the cluster is made after the cluster all the same.
    this.uid = whenThere(identity.uid);
    this.name = pulumi.output(declaration.name);
    this.description = pulumi.output(args.description);
    this.caCertificate = caCertificate;
    this.exportedIdentity = pulumi.secret(pulumi.output(pick(identity, identityOutputs)).apply((parts) => identityText(parts as ClusterIdentityOutputs)));
    this.networkId = endpoint.networkId;
    this.networkName = endpoint.networkName;
    this.publicIpAddressId = endpoint.publicIpAddressId;
    this.publicIpAddress = endpoint.publicIpAddress;
    this.zoneId = endpoint.zoneId;
    this.zoneName = endpoint.zoneName;
    this.clusterId = machines.clusterId;
    this.kubernetesVersion = machines.kubernetesVersion;
    this.state = machines.state;
    this.size = machines.size;
    this.controlPlaneCount = machines.controlPlaneCount;
    this.cpuCores = machines.cpuCores;
    this.memoryMb = machines.memoryMb;
    this.account = machines.account;
    this.domain = machines.domain;
    this.clusterType = machines.clusterType;
    this.moldId = machines.moldId;
    this.created = machines.created;
    this.autoscalingEnabled = machines.autoscalingEnabled;
    this.nodes = machines.nodes;
    this.connection = pulumi.output(connection);
    this.registerOutputs({ uid: this.uid, endpoint: this.endpoint, kubeconfig: this.kubeconfig, nodes: this.nodes });
  }
}

/** What a program makes of a cluster hangs on who runs it: that has to be known when the program runs. */
function isMolds(management: KubernetesClusterArgs["management"]): boolean {
  // What a configuration leaves out may be null.
  const known = management ?? "core";
  if (typeof known === "string") return known === "mold";
  throw new Error('management: must be "core" or "mold" itself, not an output or a promise of it');
}

/** All outputs of one resource as an input of another. */
const pick = <T, Name extends keyof T>(resource: T, names: readonly Name[]): Pick<T, Name> => Object.fromEntries(names.map((name) => [name, resource[name]])) as Pick<T, Name>;
