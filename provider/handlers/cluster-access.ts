/** The way into a cluster that Mold runs: what Mold keeps of its keys, read once it is there. Internal: made after the machines. */
import type { CheckedClusterAccessInputs, ClusterAccessOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import { ClusterError } from "../core/errors";
import { kubeconfigOf } from "../core/managed/access";
import type { World } from "../core/ports";
import { endOf } from "../kubernetes/kubeconfig";
import { isUnknown, type CheckResult, type Declared, type DiffResult, type Handler } from "./handler";

export type AccessInputs = CheckedClusterAccessInputs & Declared;

async function outputsOf(world: World, { name, uid, networkId, networkOwned }: AccessInputs): Promise<ClusterAccessOutputs | undefined> {
  const kubeconfig = await kubeconfigOf(world, { name, uid, networkId, networkOwned });
  if (kubeconfig === undefined) return undefined;
  const { parseMoldsKubeconfig } = await import("../kubernetes/read-kubeconfig.js");
  const { caCertificate, clientCertificate } = parseMoldsKubeconfig(kubeconfig);
  return { kubeconfig, caCertificate, kubeconfigExpires: endOf(clientCertificate) };
}

const missing = (name: string): ClusterError => new ClusterError("Mold has no kubeconfig of it. Once it shows the cluster as Running, run again.", { resource: `KubernetesCluster ${name}` });

export const clusterAccess: Handler<AccessInputs, ClusterAccessOutputs> = {
  async check(_session, _olds, news): Promise<CheckResult<AccessInputs>> {
    const { declaredBy, ...declaration } = news;
    const checked = checkInputs("ClusterAccess", declaration, { isUnknown });
    return { ...checked, inputs: { ...checked.inputs, declaredBy } as AccessInputs };
  },

  /** Looks at nothing: as long as it is the same cluster its keys are the same. */
  async diff(_session, _id, olds, news): Promise<DiffResult> {
    const replaces = changedProperties("ClusterAccess", olds.inputs, news, { isUnknown }).filter(({ change }) => change === "replace");
    return { changes: replaces.length > 0, replaces: replaces.map(({ property }) => property), plan: [] };
  },

  async create(session, inputs) {
    const outputs = await outputsOf(session.world(inputs.connection, inputs.declaredBy), inputs);
    if (!outputs) throw missing(inputs.name);
    return { id: inputs.uid, outputs };
  },

  async read(session, id, { inputs }) {
    const outputs = await outputsOf(session.world(inputs.connection, inputs.declaredBy), inputs);
    return outputs && { id, outputs };
  },

  async update(session, _id, _olds, news) {
    const outputs = await outputsOf(session.world(news.connection, news.declaredBy), news);
    if (!outputs) throw missing(news.name);
    return { outputs };
  },

  /** Nothing was made. */
  async delete() {},
};
