/** The machines of a cluster, its API rule and firewall. Internal: the third part of the KubernetesCluster component. */
import type { ClusterOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import { refuse } from "../core/cluster";
import { Interrupted, LockError, messageOf } from "../core/errors";
import { lives, type ClusterInputs, type ClusterLife, type ClusterState } from "./cluster-life";
import { hasUnknown, isUnknown, PartialFailure, type CheckResult, type DiffResult, type Handler, type Session } from "./handler";

export type { ClusterInputs } from "./cluster-life";

const resourceOf = ({ name }: ClusterInputs): string => `KubernetesCluster ${name}`;

const lifeOf = (session: Session, inputs: ClusterInputs, former?: ClusterState, looking?: "looking"): ClusterLife => lives[inputs.management](session, inputs, former, looking);

export const cluster: Handler<ClusterInputs, ClusterOutputs> = {
  async check(_session, _olds, news): Promise<CheckResult<ClusterInputs>> {
    const { declaredBy, ...declaration } = news;
    // Warnings are the identity's to say: it is checked first and with the same declaration.
    const { inputs, failures } = checkInputs("Cluster", declaration, { isUnknown });
    return { inputs: { ...inputs, declaredBy }, failures, warnings: [] };
  },

  /** Looks at what is there, so that drift is seen and mended without a refresh. */
  async diff(session, _id, olds, news): Promise<DiffResult> {
    const changed = changedProperties("Cluster", olds.inputs, news, { isUnknown });
    const replaces = changed.filter(({ change }) => change === "replace").map(({ property }) => property);
    if (replaces.length > 0) return { changes: true, replaces, plan: [`${resourceOf(olds.inputs)} is replaced: ${replaces.join(", ")} can't change in place`] };
    if (hasUnknown(news)) return { changes: true, replaces: [], plan: [] };
    const { isDone, lines, problems } = await lifeOf(session, news, olds, "looking").plan();
    refuse(resourceOf(news), problems);
    return { changes: changed.length > 0 || !isDone, replaces: [], plan: lines };
  },

  async create(session, inputs) {
    return bringAbout(session, inputs, { birth: true });
  },

  async read(session, id, state) {
    const found = await lifeOf(session, state.inputs, state, "looking").read(generationOf(id));
    return found && { id, outputs: found.outputs };
  },

  async update(session, id, olds, news) {
    const { outputs } = await bringAbout(session, news, { birth: false, olds });
    return { outputs: { ...outputs, clusterId: id } };
  },

  async delete(session, id, { inputs }) {
    await lifeOf(session, inputs).delete(generationOf(id));
  },
};

const generationOf = (id: string): string => id.slice(id.indexOf("/") + 1);

async function bringAbout(session: Session, inputs: ClusterInputs, options: { birth: boolean; olds?: ClusterState }): Promise<{ id: string; outputs: ClusterOutputs }> {
  const life = lifeOf(session, inputs, options.olds);
  try {
    return await life.apply({ birth: options.birth });
  } catch (error) {
    // Nothing of this run's doing is there, or the engine is gone and records nothing.
    if (error instanceof LockError || error instanceof Interrupted) throw error;
    const made = await life.read().catch(() => undefined);
    if (!made) throw error;
    throw new PartialFailure(made.id, made.outputs, messageOf(error).split("\n"), { cause: error }, options.olds && withFormer(inputs, options.olds.inputs));
  }
}

/** What was taken out of a declaration goes because it was in the one before. Of an update that failed nobody knows whether it has gone: it stays in, for the next run to take it out. */
function withFormer(inputs: ClusterInputs, former: ClusterInputs): ClusterInputs {
  // A state may have been written before there were any.
  const addons = (former as Partial<ClusterInputs>).addons ?? inputs.addons;
  return {
    ...inputs,
    tags: { ...former.tags, ...inputs.tags },
    comments: [...new Set([...(inputs.comments ?? []), ...(former.comments ?? [])])],
    addons: { ...inputs.addons, cloudController: inputs.addons.cloudController || addons.cloudController, csi: inputs.addons.csi || addons.csi, credentials: inputs.addons.credentials ?? addons.credentials },
  };
}
