/** The machines of a cluster, its API rule and firewall. Internal: the third part of the KubernetesCluster component. */
import type { CheckedClusterInputs, ClusterOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import { ClusterRun, refuse } from "../core/cluster";
import { deleteMachines } from "../core/delete";
import { accessOf } from "../core/desired";
import { Interrupted, LockError, messageOf } from "../core/errors";
import { planLines } from "../core/preview";
import { sharedLists } from "../core/shared-lists";
import { catalogueOf } from "./catalogues";
import { clusterOutputs, desiredCluster, placeOf } from "./declaration";
import { hasUnknown, isUnknown, PartialFailure, type CheckResult, type Declared, type DiffResult, type Handler, type Session, type State } from "./handler";

export type ClusterInputs = CheckedClusterInputs & Declared;
type ClusterState = State<ClusterInputs, ClusterOutputs>;

const resourceOf = ({ name }: ClusterInputs): string => `KubernetesCluster ${name}`;

function runOf(session: Session, inputs: ClusterInputs, former?: ClusterState, looking?: "looking"): ClusterRun {
  const world = session.world(inputs.connection, inputs.declaredBy);
  const seen = looking ? { ...world, mold: sharedLists(world) } : world;
  const recorded = former?.outputs.kubernetesVersion;
  return new ClusterRun(seen, catalogueOf(world), desiredCluster(inputs, recorded), former && { ...desiredCluster(former.inputs), ...(recorded === undefined ? {} : { version: recorded }) });
}

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
    if (replaces.length > 0) return { changes: true, replaces, plan: [`${resourceOf(news)} is replaced: ${replaces.join(", ")} can't change in place`] };
    if (hasUnknown(news)) return { changes: true, replaces: [], plan: [] };
    const plan = await runOf(session, news, olds, "looking").plan();
    refuse(resourceOf(news), plan.problems);
    return { changes: changed.length > 0 || plan.steps.length > 0, replaces: [], plan: planLines(plan) };
  },

  async create(session, inputs) {
    return bringAbout(session, inputs, { birth: true });
  },

  async read(session, id, state) {
    const run = runOf(session, state.inputs, state, "looking");
    const observed = await run.observe({ withNodes: true });
    if (!observed.anchorTags || observed.machines.length === 0) return undefined;
    return { id, outputs: clusterOutputs(state.inputs, observed, generationOf(id), state.outputs) };
  },

  async update(session, id, olds, news) {
    const { outputs } = await bringAbout(session, news, { birth: false, olds });
    return { outputs: { ...outputs, clusterId: id } };
  },

  async delete(session, id, { inputs }) {
    const world = session.world(inputs.connection, inputs.declaredBy);
    const place = placeOf(inputs.endpoint);
    await deleteMachines(
      world,
      catalogueOf(world),
      { name: inputs.name, uid: inputs.identity.uid, place },
      { generation: generationOf(id), waitSeconds: inputs.timeouts.delete, access: accessOf(inputs.identity, place) },
    );
  },
};

const generationOf = (id: string): string => id.slice(id.indexOf("/") + 1);

async function bringAbout(session: Session, inputs: ClusterInputs, options: { birth: boolean; olds?: ClusterState }): Promise<{ id: string; outputs: ClusterOutputs }> {
  const run = runOf(session, inputs, options.olds);
  try {
    const { observed, generation } = await run.apply({ birth: options.birth });
    const outputs = clusterOutputs(inputs, observed, generation, options.olds?.outputs);
    return { id: outputs.clusterId, outputs };
  } catch (error) {
    // Nothing of this run's doing is there, or the engine is gone and records nothing.
    if (error instanceof LockError || error instanceof Interrupted) throw error;
    const observed = await run.observe({ withNodes: false }).catch(() => undefined);
    if (!observed?.anchorTags) throw error;
    const generation = observed.anchorTags["ablestack-generation"];
    if (generation === undefined) throw error;
    const outputs = clusterOutputs(inputs, observed, generation, options.olds?.outputs);
    throw new PartialFailure(outputs.clusterId, outputs, messageOf(error).split("\n"), { cause: error });
  }
}
