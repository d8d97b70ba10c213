/**
 * The resources that a KubernetesCluster is made of. What never changes in its life (identity, endpoint) comes first and apart, so
 * that a crash loses nothing of it and it stays known in the preview of any other change.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterAccessOutputs, ClusterEndpointOutputs, ClusterIdentityOutputs, ClusterOutputs } from "../../schema/generated/types";
import { DynamicResource } from "./dynamic-resource";
import type { OutputsOf } from "./outputs";

type Inputs = Readonly<Record<string, unknown>>;

export const identityOutputs = [
  "uid",
  "caCertificate",
  "caKey",
  "frontProxyCaCertificate",
  "frontProxyCaKey",
  "etcdCaCertificate",
  "etcdCaKey",
  "serviceAccountPublicKey",
  "serviceAccountKey",
  "adminCertificate",
  "adminKey",
  "userCertificates",
  "userKey",
] as const satisfies readonly (keyof ClusterIdentityOutputs)[];

/** Those that the machines' part takes in: it has no use for what is made for people. */
export const machineIdentity = identityOutputs.filter((name) => name !== "userCertificates" && name !== "userKey");

export const identitySecrets = ["caKey", "frontProxyCaKey", "etcdCaKey", "serviceAccountKey", "adminKey", "userKey"] as const satisfies readonly (keyof ClusterIdentityOutputs)[];

export class ClusterIdentity extends DynamicResource implements OutputsOf<ClusterIdentityOutputs> {
  declare readonly uid: pulumi.Output<string>;
  declare readonly caCertificate: pulumi.Output<string>;
  declare readonly caKey: pulumi.Output<string>;
  declare readonly frontProxyCaCertificate: pulumi.Output<string>;
  declare readonly frontProxyCaKey: pulumi.Output<string>;
  declare readonly etcdCaCertificate: pulumi.Output<string>;
  declare readonly etcdCaKey: pulumi.Output<string>;
  declare readonly serviceAccountPublicKey: pulumi.Output<string>;
  declare readonly serviceAccountKey: pulumi.Output<string>;
  declare readonly adminCertificate: pulumi.Output<string>;
  declare readonly adminKey: pulumi.Output<string>;
  declare readonly userCertificates: pulumi.Output<readonly string[] | undefined>;
  declare readonly userKey: pulumi.Output<string | undefined>;

  constructor(name: string, inputs: Inputs, opts: pulumi.CustomResourceOptions) {
    super(name, { kind: "ClusterIdentity", inputs, outputs: identityOutputs, secretOutputs: identitySecrets }, opts);
  }
}

export const endpointOutputs = [
  "networkId",
  "networkName",
  "networkOwned",
  "networkCidr",
  "publicIpAddressId",
  "publicIpAddress",
  "zoneId",
  "zoneName",
  "endpoint",
] as const satisfies readonly (keyof ClusterEndpointOutputs)[];

export class ClusterEndpoint extends DynamicResource implements OutputsOf<ClusterEndpointOutputs> {
  declare readonly networkId: pulumi.Output<string>;
  declare readonly networkName: pulumi.Output<string>;
  declare readonly networkOwned: pulumi.Output<boolean>;
  declare readonly networkCidr: pulumi.Output<string>;
  declare readonly publicIpAddressId: pulumi.Output<string>;
  declare readonly publicIpAddress: pulumi.Output<string>;
  declare readonly zoneId: pulumi.Output<string>;
  declare readonly zoneName: pulumi.Output<string>;
  declare readonly endpoint: pulumi.Output<string>;

  constructor(name: string, inputs: Inputs, opts: pulumi.CustomResourceOptions) {
    super(name, { kind: "ClusterEndpoint", inputs, outputs: endpointOutputs }, opts);
  }
}

/** What only the machines tell; the rest of `ClusterOutputs` is the identity's and the endpoint's. */
export const machineOutputs = [
  "clusterId",
  "moldId",
  "kubernetesVersion",
  "state",
  "size",
  "controlPlaneCount",
  "cpuCores",
  "memoryMb",
  "account",
  "domain",
  "clusterType",
  "created",
  "autoscalingEnabled",
  "nodes",
] as const satisfies readonly (keyof ClusterOutputs)[];

export class Cluster extends DynamicResource implements OutputsOf<Pick<ClusterOutputs, (typeof machineOutputs)[number]>> {
  declare readonly clusterId: pulumi.Output<string>;
  declare readonly moldId: pulumi.Output<string | undefined>;
  declare readonly kubernetesVersion: pulumi.Output<string>;
  declare readonly state: pulumi.Output<string>;
  declare readonly size: pulumi.Output<number>;
  declare readonly controlPlaneCount: pulumi.Output<number>;
  declare readonly cpuCores: pulumi.Output<number>;
  declare readonly memoryMb: pulumi.Output<number>;
  declare readonly account: pulumi.Output<string | undefined>;
  declare readonly domain: pulumi.Output<string | undefined>;
  declare readonly clusterType: pulumi.Output<ClusterOutputs["clusterType"]>;
  declare readonly created: pulumi.Output<string>;
  declare readonly autoscalingEnabled: pulumi.Output<boolean>;
  declare readonly nodes: pulumi.Output<ClusterOutputs["nodes"]>;

  constructor(name: string, inputs: Inputs, opts: pulumi.CustomResourceOptions) {
    super(name, { kind: "Cluster", inputs, outputs: machineOutputs }, opts);
  }
}

export const accessOutputs = ["caCertificate", "kubeconfig", "kubeconfigExpires"] as const satisfies readonly (keyof ClusterAccessOutputs)[];

/** Only of a cluster that Mold runs: Mold makes its keys, and they are there when the cluster is. */
export class ClusterAccess extends DynamicResource implements OutputsOf<ClusterAccessOutputs> {
  declare readonly caCertificate: pulumi.Output<string>;
  declare readonly kubeconfig: pulumi.Output<string>;
  declare readonly kubeconfigExpires: pulumi.Output<string>;

  constructor(name: string, inputs: Inputs, opts: pulumi.CustomResourceOptions) {
    super(name, { kind: "ClusterAccess", inputs, outputs: accessOutputs, secretOutputs: ["kubeconfig"] }, opts);
  }
}
