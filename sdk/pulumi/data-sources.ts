/**
 * What a program can ask Mold: plain async functions, and forms whose arguments may be outputs of resources, which ask once all of
 * them are known. They run in the program itself, with the connection that the stack's configuration or the environment gives; nothing
 * of them is loaded before the first is called.
 */
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type * as DataSources from "../../provider/adapters/pulumi-dynamic/data-sources";
import type * as Args from "../../schema/generated/pulumi-args";
import type { DataArguments, DataResults } from "../../schema/generated/types";
import type { ClusterInput } from "./cluster-rule";
import { KubernetesCluster } from "./kubernetes-cluster";

const load = createRequire(__filename);

type Name = keyof DataResults;

async function ask<N extends Name>(name: N, args: DataArguments[N]): Promise<DataResults[N]> {
  const { askDataSource } = load("../../provider/adapters/pulumi-dynamic/data-sources") as typeof DataSources;
  return askDataSource(name, args, { config: (key) => pulumi.runtime.getConfig(key), failure: (message) => new pulumi.RunError(message) });
}

/** Arguments of a question about one cluster, which may be the resource itself: asked is then once it is there. */
type AboutCluster<OutputArgs extends { readonly cluster: pulumi.Input<string> }> = Omit<OutputArgs, "cluster"> & {
  /** The cluster: the resource itself, its name, its `uid`, or the id of its record in Mold. */
  readonly cluster: ClusterInput;
};

function once<N extends Name>(name: N, { cluster, ...args }: { readonly [argument: string]: unknown; readonly cluster?: ClusterInput }): pulumi.Output<DataResults[N]> {
  // By its clusterId, which the last of its parts gives: by its uid one would ask before there is a machine.
  const about = cluster instanceof KubernetesCluster ? { cluster: cluster.clusterId, connection: cluster.connection } : cluster === undefined ? {} : { cluster };
  return pulumi.output<Readonly<Record<string, unknown>>>({ ...about, ...args }).apply((known) => ask(name, known as unknown as DataArguments[N]));
}

/**
 * The Kubernetes clusters that the connection's keys show, with the columns of Mold's list.
 * @example const { clusters } = await getKubernetesClusters({ state: "Running" });
 */
export const getKubernetesClusters = (args: DataArguments["getKubernetesClusters"] = {}): Promise<DataResults["getKubernetesClusters"]> => ask("getKubernetesClusters", args);
/** {@link getKubernetesClusters} with arguments that may be outputs. */
export const getKubernetesClustersOutput = (args: Args.GetKubernetesClustersOutputArgs = {}): pulumi.Output<DataResults["getKubernetesClusters"]> => once("getKubernetesClusters", { ...args });

/**
 * One cluster, with its nodes and how much of them is used, and its comments.
 * @example const { nodes } = await getKubernetesCluster({ cluster: "prod" });
 */
export const getKubernetesCluster = (args: DataArguments["getKubernetesCluster"]): Promise<DataResults["getKubernetesCluster"]> => ask("getKubernetesCluster", args);
/**
 * {@link getKubernetesCluster} with arguments that may be outputs.
 * @example const nodes = getKubernetesClusterOutput({ cluster, kubeconfig: cluster.kubeconfig }).nodes;
 */
export const getKubernetesClusterOutput = (args: AboutCluster<Args.GetKubernetesClusterOutputArgs>): pulumi.Output<DataResults["getKubernetesCluster"]> => once("getKubernetesCluster", { ...args });

/**
 * The Kubernetes versions that are registered with Mold, the oldest first.
 * @example const { versions } = await getKubernetesVersions({ zone: "zone-1", usable: true });
 */
export const getKubernetesVersions = (args: DataArguments["getKubernetesVersions"] = {}): Promise<DataResults["getKubernetesVersions"]> => ask("getKubernetesVersions", args);
/** {@link getKubernetesVersions} with arguments that may be outputs. */
export const getKubernetesVersionsOutput = (args: Args.GetKubernetesVersionsOutputArgs = {}): pulumi.Output<DataResults["getKubernetesVersions"]> => once("getKubernetesVersions", { ...args });

/**
 * What happened to a cluster, as Mold has it recorded; the newest last.
 * @example const { events } = await getEvents({ cluster: "prod", since: "7d", level: "ERROR" });
 */
export const getEvents = (args: DataArguments["getEvents"]): Promise<DataResults["getEvents"]> => ask("getEvents", args);
/** {@link getEvents} with arguments that may be outputs. */
export const getEventsOutput = (args: AboutCluster<Args.GetEventsOutputArgs>): pulumi.Output<DataResults["getEvents"]> => once("getEvents", { ...args });

/**
 * The comments on a cluster, whoever wrote them; the oldest first.
 * @example const { comments } = await getComments({ cluster: "prod" });
 */
export const getComments = (args: DataArguments["getComments"]): Promise<DataResults["getComments"]> => ask("getComments", args);
/** {@link getComments} with arguments that may be outputs. */
export const getCommentsOutput = (args: AboutCluster<Args.GetCommentsOutputArgs>): pulumi.Output<DataResults["getComments"]> => once("getComments", { ...args });

/**
 * The rules of a cluster's network, whoever made them.
 * @example const { rules } = await getNetworkRules({ cluster: "prod", byHand: true });
 */
export const getNetworkRules = (args: DataArguments["getNetworkRules"]): Promise<DataResults["getNetworkRules"]> => ask("getNetworkRules", args);
/** {@link getNetworkRules} with arguments that may be outputs. */
export const getNetworkRulesOutput = (args: AboutCluster<Args.GetNetworkRulesOutputArgs>): pulumi.Output<DataResults["getNetworkRules"]> => once("getNetworkRules", { ...args });
