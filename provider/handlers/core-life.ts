/** The life of a cluster that the core runs. */
import { ClusterRun } from "../core/cluster";
import { deleteMachines } from "../core/delete";
import { accessOf } from "../core/desired";
import type { ObservedCluster } from "../core/observe";
import { planLines } from "../core/preview";
import { sharedLists } from "../core/shared-lists";
import { catalogueOf } from "./catalogues";
import { cloudConfig } from "./cloud-config";
import type { MakeLife } from "./cluster-life";
import { clusterOutputs, desiredCluster, placeOf } from "./declaration";

export const coreLife: MakeLife = (session, inputs, former, looking) => {
  const world = session.world(inputs.connection, inputs.declaredBy);
  const seen = looking ? { ...world, mold: sharedLists(world) } : world;
  const recorded = former?.outputs.kubernetesVersion;
  // Only where they are compared and put into the cluster: a delete needs no keys of somebody else's.
  const keys = (): string | undefined => (inputs.addons.credentials === undefined ? undefined : cloudConfig(session.credentials(inputs.addons.credentials), inputs.endpoint.zoneName));
  const runWith = (config?: string): ClusterRun => new ClusterRun(seen, catalogueOf(world), desiredCluster(inputs, recorded, config), former && { ...desiredCluster(former.inputs), ...(recorded === undefined ? {} : { version: recorded }) }, inputs.adopt);
  const asOutputs = (observed: ObservedCluster, generation: string): ReturnType<typeof clusterOutputs> => clusterOutputs(inputs, observed, generation, former?.outputs);
  return {
    async plan() {
      const plan = await runWith(keys()).plan();
      return { isDone: plan.steps.length === 0, lines: planLines(plan), problems: plan.problems };
    },
    async apply({ birth }) {
      const { observed, generation } = await runWith(keys()).apply({ birth });
      const outputs = asOutputs(observed, generation);
      return { id: outputs.clusterId, outputs };
    },
    async read(generation) {
      const observed = await runWith().observe({ withNodes: generation !== undefined });
      const life = generation ?? observed.anchorTags?.["ablestack-generation"];
      if (!observed.anchorTags || life === undefined || (generation !== undefined && observed.machines.length === 0)) return undefined;
      const outputs = asOutputs(observed, life);
      return { id: outputs.clusterId, outputs };
    },
    async delete(generation) {
      const place = placeOf(inputs.endpoint);
      await deleteMachines(world, catalogueOf(world), { name: inputs.name, uid: inputs.identity.uid, place }, { generation, waitSeconds: inputs.timeouts.delete, access: accessOf(inputs.identity, place) });
    },
  };
};
